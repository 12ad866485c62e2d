"""Made-up orders of shops, marketplaces and tills, in their headings, numbers, dates and words."""

# ruff: noqa: E501 (rows are as wide as the exports write them)
STRIPE = """\
id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,Fee,Tax,Converted Currency,Mode,Status,Statement Descriptor,Customer ID,Customer Description,Customer Email,Captured
ch_1,Order 1,Payment complete.,2026-11-01 10:00,20.00,0.00,usd,18.00,0.00,0.88,0.00,eur,Live,Paid,SHOP,cus_1,,ann@example.org,true
ch_2,Order 2,Payment complete.,2026-11-01 11:00,30.00,30.00,usd,27.00,27.00,1.17,0.00,eur,Live,Refunded,SHOP,cus_2,,bo@example.org,true
ch_3,Order 3,The bank declined.,2026-11-02 12:00,40.00,0.00,usd,0.00,0.00,0.00,0.00,eur,Live,Failed,SHOP,cus_3,,cy@example.org,false
ch_4,Order 4,Payment complete.,2026-11-02 13:00,"1,050.00",50.00,usd,945.00,45.00,1.75,0.00,eur,Live,Paid,SHOP,cus_4,,di@example.org,true
"""
BALANCE = """\
id,Type,Source,Amount,Fee,Destination Platform Fee,Net,Currency,Created (UTC),Available On (UTC),Description
txn_1,charge,ch_1,20.00,0.88,,19.12,usd,2026-11-01 10:00,2026-11-03 00:00,Order 1
txn_2,charge,ch_2,30.00,1.17,,28.83,usd,2026-11-01 11:00,2026-11-03 00:00,Order 2
txn_3,refund,re_1,-30.00,0.00,,-30.00,usd,2026-11-02 09:00,2026-11-04 00:00,REFUND FOR CHARGE
txn_4,payout,po_1,-19.12,0.00,,-19.12,usd,2026-11-05 00:00,2026-11-05 00:00,STRIPE PAYOUT
txn_5,stripe_fee,,-2.00,0.00,,-2.00,usd,2026-11-05 00:00,2026-11-05 00:00,Radar
"""
BALANCE_ITEMS = """\
balance_transaction_id,created_utc,available_on_utc,currency,gross,fee,net,reporting_category,source_id,charge_id,description
txn_1,2026-11-01 10:00:00,2026-11-03 00:00:00,usd,20.00,0.88,19.12,charge,ch_1,ch_1,Order 1
txn_2,2026-11-01 11:00:00,2026-11-03 00:00:00,usd,30.00,1.17,28.83,charge,ch_2,ch_2,Order 2
txn_3,2026-11-02 09:00:00,2026-11-04 00:00:00,usd,-30.00,0.00,-30.00,refund,re_1,ch_2,Order 2
txn_4,2026-11-05 00:00:00,2026-11-05 00:00:00,usd,-19.12,0.00,-19.12,payout,po_1,,
txn_5,2026-11-05 00:00:00,2026-11-05 00:00:00,usd,-2.00,0.00,-2.00,fee,,,Radar
"""
SQUARE = """\
Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,Total Collected,Source,Card,Card Entry Methods,Cash,Square Gift Card,Other Tender,Other Tender Type,Other Tender Note,Fees,Net Total,Transaction ID,Payment ID,Card Brand,PAN Suffix,Device Name,Staff Name,Staff ID,Details,Description,Event Type,Location,Dining Option,Customer ID,Customer Name,Customer Reference ID
2026-11-01,10:02:11,Eastern Time (US & Canada),$30.00,-$3.00,$0.00,$27.00,$0.00,$2.16,$2.00,$0.00,$31.16,Point of Sale,$31.16,Tap,$0.00,$0.00,$0.00,,,-$0.93,$30.23,SQA1,PA1,Visa,0000,iPad,,,https://x,"Mug x 1",Payment,Fair,,CUST1,Dee Example,
2026-11-01,11:40:00,Eastern Time (US & Canada),"$1,012.00",$0.00,$0.00,"$1,012.00",$0.00,$0.00,$0.00,$0.00,"$1,012.00",eCommerce Integrations,"$1,012.00",Keyed,$0.00,$0.00,$0.00,,,-$29.00,$983.00,SQA2,PA2,Visa,0000,,,,https://x,"Vase x 1",Payment,Fair,,CUST2,Ed Example,
2026-11-02,09:00:00,Eastern Time (US & Canada),-$27.00,$0.00,$0.00,-$27.00,$0.00,-$2.16,$0.00,$0.00,-$29.16,Point of Sale,-$29.16,N/A,$0.00,$0.00,$0.00,,,$0.00,-$29.16,SQA3,PA3,Visa,0000,iPad,,,https://x,"Mug x 1",Refund,Fair,,CUST1,Dee Example,
"""
SQUARE_ITEMS = """\
Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,Customer Reference ID
2026-11-01,10:02:11,Eastern Time (US & Canada),Mugs,Mug,1,Regular,M1,,$30.00,-$3.00,$27.00,$2.16,SQA1,PA1,iPad,,https://x,Payment,Fair,,CUST1,Dee Example,
2026-11-01,10:02:11,Eastern Time (US & Canada),Mugs,Bowl,2,Regular,B1,,$20.00,$0.00,$20.00,$1.60,SQA1,PA1,iPad,,https://x,Payment,Fair,,CUST1,Dee Example,
2026-11-02,09:00:00,Eastern Time (US & Canada),Mugs,Mug,-1,Regular,M1,,-$27.00,$0.00,-$27.00,-$2.16,SQA3,PA3,iPad,,https://x,Refund,Fair,,CUST1,Dee Example,
"""
MAGENTO = """\
ID,"Purchase Point","Purchase Date","Bill-to Name","Ship-to Name","Grand Total (Base)","Grand Total (Purchased)",Status,"Billing Address","Shipping Address","Shipping Information","Customer Email","Customer Group",Subtotal,"Shipping and Handling","Customer Name","Payment Method","Total Refunded"
000000001,"Main Website
Main Website Store
Default Store View","Nov 1, 2026 10:00:00 AM","Ann Example","Ann Example",36.3900,36.3900,complete,"6146 Honey Bluff","6146 Honey Bluff","Flat Rate - Fixed",ann@example.org,General,29.0000,5.0000,"Ann Example",checkmo,0.0000
000000002,"Main Website
Main Website Store
Default Store View","Nov 2, 2026 11:30:00 PM","Bo Example","Bo Example",1039.6400,1039.6400,processing,"6146 Honey Bluff","6146 Honey Bluff","Flat Rate - Fixed",bo@example.org,General,1029.0000,5.0000,"Bo Example",checkmo,39.6400
000000003,"Main Website
Main Website Store
Default Store View","Nov 3, 2026 9:00:00 AM","Cy Example","Cy Example",20.0000,20.0000,canceled,"x","x","Flat Rate - Fixed",cy@example.org,General,15.0000,5.0000,"Cy Example",checkmo,0.0000
000000004,"Main Website
Main Website Store
Default Store View","Nov 4, 2026 9:00:00 AM","Di Example","Di Example",50.0000,50.0000,closed,"x","x","Flat Rate - Fixed",di@example.org,General,45.0000,5.0000,"Di Example",checkmo,50.0000
000000005,"Main Website
Main Website Store
Default Store View","Nov 5, 2026 9:00:00 AM","Ed Example","Ed Example",60.0000,60.0000,pending_payment,"x","x","Flat Rate - Fixed",ed@example.org,General,55.0000,5.0000,"Ed Example",checkmo,0.0000
"""
WOOCOMMERCE = """\
Order ID,Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Email (Billing),Payment Method Title,Cart Discount Amount,Order Subtotal Amount,Shipping Method Title,Order Shipping Amount,Order Refund Amount,Order Total Amount,Order Total Tax Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost,Coupon Code
501,501,Completed,2026-11-01 10:00,,Ann,Example,ann@example.org,Card,0,29.00,Flat rate,5.00,0,34.00,0,S1,1,Soap,1,9.00,
501,501,Completed,2026-11-01 10:00,,Ann,Example,ann@example.org,Card,0,29.00,Flat rate,5.00,0,34.00,0,S2,2,Candle,2,10.00,
502,502,Refunded,2026-11-02 11:00,,Bo,Example,bo@example.org,Card,0,20.00,Flat rate,5.00,25.00,25.00,0,S1,1,Soap,2,10.00,
503,503,Cancelled,2026-11-03 11:00,,Cy,Example,cy@example.org,Card,0,40.00,Flat rate,5.00,0,45.00,0,S1,1,Soap,4,10.00,
504,504,On hold,2026-11-03 12:00,,Cy,Example,cy@example.org,Card,0,40.00,Flat rate,5.00,0,45.00,0,S1,1,Soap,4,10.00,
"""
PRESTASHOP = """\
ID,Reference,New client,Delivery,Customer,Total,Payment,Status,Date
1,XKBKNABJK,1,France,A. EXAMPLE,€61.80,Payment by check,Payment accepted,2026-11-01 10:00:00
2,OHSATSERP,0,France,B. EXAMPLE,€69.90,Bank wire,Awaiting bank wire payment,2026-11-02 10:00:00
3,UOYEVOLI,0,France,C. EXAMPLE,€14.90,Payment by check,Canceled,2026-11-03 10:00:00
"""
SHOPEE_INDONESIA = """\
No. Pesanan,Status Pesanan,Status Pembatalan/ Pengembalian,No. Resi,Opsi Pengiriman,Waktu Pengiriman Diatur,Waktu Pesanan Dibuat,Waktu Pembayaran Dilakukan,Metode Pembayaran,SKU Induk,Nama Produk,Nomor Referensi SKU,Nama Variasi,Harga Awal,Harga Setelah Diskon,Jumlah,Returned quantity,Subtotal Pesanan,Total Diskon,Diskon Dari Penjual,Diskon Dari Shopee,Voucher Ditanggung Penjual,Ongkos Kirim Dibayar oleh Pembeli,Total Pembayaran,Perkiraan Ongkos Kirim,Username (Pembeli),Nama Penerima,No. Telepon,Alamat Pengiriman,Kota/Kabupaten,Provinsi,Waktu Pesanan Selesai
261101AAA1,Selesai,,R1,Reguler,,2026-11-01 07:45,2026-11-01 07:46,ShopeePay,,Kaos,K1,M,18.000,16.000,7,0,112.000,14.000,14.000,0,0,8.000,120.000,8.000,ani,A,628,Jl. X,Bandung,JAWA BARAT,2026-11-04 10:00
261101AAA2,Perlu Dikirim,,R2,Reguler,,2026-11-01 08:00,-,COD (Bayar di Tempat),,Kaos,K1,M,18.000,16.000,1,0,16.000,2.000,2.000,0,0,8.000,27.500,8.000,budi,B,628,Jl. Y,Medan,SUMATERA UTARA,
261101AAA2,Perlu Dikirim,,R2,Reguler,,2026-11-01 08:00,-,COD (Bayar di Tempat),,Topi,T1,,3.499,3.499,1,0,3.499,0,0,0,0,8.000,27.500,8.000,budi,B,628,Jl. Y,Medan,SUMATERA UTARA,
261102AAA3,Batal,,,Reguler,,2026-11-02 09:00,,,,Topi,T1,,3.499,3.499,1,0,3.499,0,0,0,0,8.000,11.499,8.000,citra,C,628,Jl. Z,Bogor,JAWA BARAT,
261102AAA4,Belum Bayar,,,Reguler,,2026-11-02 10:00,,,,Topi,T1,,3.499,3.499,1,0,3.499,0,0,0,0,8.000,11.499,8.000,citra,C,628,Jl. Z,Bogor,JAWA BARAT,
"""
SHOPEE_BRAZIL = """\
ID do pedido,Status do pedido,Hot Listing,Cancelar Motivo,Status da Devolução / Reembolso,Número de rastreamento,Opção de envio,Método de envio,Data prevista de envio,Tempo de Envio,Data de criação do pedido,Hora do pagamento do pedido,Nº de referência do SKU principal,Nome do Produto,Número de referência SKU,Nome da variação,Preço original,Preço acordado,Quantidade,Returned quantity,Subtotal do produto,Desconto do vendedor,Valor Total,Nome de usuário (comprador),UF
261101BR1,Concluído,N,,,T1,Envio,Envio,,,2026-11-01 07:30,2026-11-01 07:31,S1,Tênis,R1,42,60.00,58.82,1,0,58.82,0,58.82,joao,SP
261101BR2,Cancelado,N,Comprador desistiu,,,,,,,2026-11-01 08:30,,S1,Tênis,R1,42,60.00,58.82,1,0,58.82,0,58.82,maria,RJ
261102BR3,Enviado,N,,,T3,Envio,Envio,,,2026-11-02 08:30,2026-11-02 08:31,S1,Tênis,R1,42,60.00,50.00,1,0,50.00,0,70.00,ana,RJ
261102BR3,Enviado,N,,,T3,Envio,Envio,,,2026-11-02 08:30,2026-11-02 08:31,S2,Meia,R2,,25.00,20.00,1,0,20.00,0,70.00,ana,RJ
"""
SHOPEE_VIETNAM = """\
Mã đơn hàng,Mã Kiện Hàng,Ngày đặt hàng,Trạng Thái Đơn Hàng,Lý do hủy,Mã vận đơn,Trạng thái Trả hàng/Hoàn tiền,SKU sản phẩm,Tên sản phẩm,SKU phân loại hàng,Tên phân loại hàng,Giá gốc,Giá ưu đãi,Số lượng,Tổng giá bán (sản phẩm),Tổng số tiền Người mua thanh toán,Tổng giá trị đơn hàng (VND),Mã giảm giá của Shop,Tổng số tiền người mua thanh toán,Thời gian đơn hàng được thanh toán,Phương thức thanh toán,Người Mua,Tỉnh/Thành phố
261101VN1,P1,2026-11-01 10:30,Hoàn thành,,T1,,S1,Nước hoa,V1,50ml,1290000,1200000,2,2400000,2400000,3600000,0,3630000,2026-11-01 10:31,Ví ShopeePay,mai,Hà Nội
261101VN1,P1,2026-11-01 10:30,Hoàn thành,,T1,,S2,Sáp,V2,,1200000,1200000,1,1200000,1200000,3600000,0,3630000,2026-11-01 10:31,Ví ShopeePay,mai,Hà Nội
261102VN2,P2,2026-11-02 11:30,Đã hủy,Đổi ý,,,S2,Sáp,V2,,1200000,1200000,1,1200000,1200000,1200000,0,1230000,,Thanh toán khi nhận hàng,lan,Huế
"""
SHOPEE_THAILAND = """\
หมายเลขคำสั่งซื้อ,สถานะการสั่งซื้อ,สถานะการคืนเงินหรือคืนสินค้า,ชื่อผู้ใช้ (ผู้ซื้อ),วันที่ทำการสั่งซื้อ,เวลาการชำระสินค้า,ช่องทางการชำระเงิน,ชื่อสินค้า,เลขอ้างอิง SKU (SKU Reference No.),ชื่อตัวเลือก,ราคาตั้งต้น,ราคาขาย,จำนวน,ราคาขายสุทธิ,ราคาสินค้าที่ชำระโดยผู้ซื้อ (THB),จำนวนเงินทั้งหมด,จังหวัด
261101TH1,สำเร็จแล้ว,,nok,2026-11-01 08:30,2026-11-01 08:31,ShopeePay,เสื้อ,S1,แดง,199.00,150.00,2,300.00,300.00,330.00,กรุงเทพ
261101TH2,ยกเลิกแล้ว,,ploy,2026-11-01 09:30,,,เสื้อ,S1,แดง,199.00,150.00,1,150.00,150.00,180.00,เชียงใหม่
261102TH3,ที่ต้องจัดส่ง,,dao,2026-11-02 09:30,2026-11-02 09:31,ShopeePay,เสื้อ,S1,แดง,199.00,150.00,1,150.00,150.00,230.00,เชียงใหม่
261102TH3,ที่ต้องจัดส่ง,,dao,2026-11-02 09:30,2026-11-02 09:31,ShopeePay,หมวก,S2,,60.00,50.00,1,50.00,50.00,230.00,เชียงใหม่
"""
LAZADA = """\
orderItemId,orderType,Guarantee,deliveryType,lazadaId,sellerSku,lazadaSku,wareHouse,createTime,updateTime,orderNumber,deliveredDate,customerName,customerEmail,shippingCountry,shippingRegion,payMethod,paidPrice,unitPrice,sellerDiscountTotal,platformDiscountTotal,shippingFee,walletCredit,itemName,variation,status,bundleDiscount,refundAmount,sellerNote
1,Normal,,standard,L1,S1,LS1,w,03 Nov 2026 20:41,05 Nov 2026 20:41,9001,05 Nov 2026 13:21,A***,,TH,,MIXEDCARD,211.50,235.00,-23.50,0.00,38.00,0,Shirt,M,confirmed,0,0,
2,Normal,,standard,L1,S1,LS1,w,03 Nov 2026 20:41,05 Nov 2026 20:41,9001,05 Nov 2026 13:21,A***,,TH,,MIXEDCARD,211.50,235.00,-23.50,0.00,38.00,0,Shirt,M,confirmed,0,0,
3,Normal,,standard,L2,S2,LS2,w,04 Nov 2026 20:41,05 Nov 2026 20:41,9002,,B***,,TH,,COD,199.00,199.00,0,0.00,38.00,0,Shirt,L,canceled,0,0,
4,Normal,,standard,L3,S2,LS2,w,04 Nov 2026 21:41,05 Nov 2026 20:41,9003,,C***,,TH,,COD,199.00,199.00,0,0.00,38.00,0,Shirt,L,shipped,0,0,
5,Normal,,standard,L4,S2,LS2,w,04 Nov 2026 22:41,05 Nov 2026 20:41,9004,05 Nov 2026 13:21,D***,,TH,,MIXEDCARD,100.00,199.00,0,0.00,38.00,0,Shirt,L,returned,0,100.00,
"""
XIAOHONGSHU = """\
订单号,订单状态,售后状态,订单类型,订单标记,收件人姓名,收件人电话,省,市,规格ID,达人ID,达人名称,SKU名称,SKU规格,SKU件数,商品总价(元),用户应付金额(元),平台优惠(元),店铺优惠(元),支付渠道优惠(元),SKU商家改价(元),商家应收金额(元)（支付金额）,支付方式,支付时间,快递公司,订单创建时间,承诺发货时间,订单发货时间,订单完成时间,店铺名称,用户编号,商品ID,商品名称
P1,已完成,无售后,普通订单,,王*,138****0000,上海,上海,g1,,,香皂,白,1,39.90,35.90,2.00,2.00,0,0,37.90,微信,2026-11-01 10:01:00,顺丰,2026-11-01 10:00:00,,2026-11-02 10:00:00,2026-11-05 10:00:00,店,u1,901,香皂
P2,已取消,无售后,普通订单,,李*,138****0001,上海,上海,g1,,,香皂,白,1,39.90,39.90,0,0,0,0,39.90,,,,2026-11-01 11:00:00,,,,店,u2,901,香皂
P3,已完成,退款成功,普通订单,,张*,138****0002,北京,北京,g1,d1,甲,香皂,白,1,39.90,39.90,0,0,0,0,39.90,支付宝,2026-11-02 10:01:00,顺丰,2026-11-02 10:00:00,,,2026-11-05 10:00:00,店,u3,901,香皂
P4,待配货,无售后,普通订单,,陈*,138****0003,北京,北京,g1,d1,甲,香皂,白,1,39.90,30.00,0,0,0,0,30.00,支付宝,2026-11-02 11:01:00,,2026-11-02 11:00:00,,,,店,u4,901,香皂
P4,待配货,无售后,普通订单,,陈*,138****0003,北京,北京,g2,d1,甲,蜡烛,红,1,20.00,18.00,0,2.00,0,0,18.00,支付宝,2026-11-02 11:01:00,,2026-11-02 11:00:00,,,,店,u4,902,蜡烛
"""
YOUZAN = """\
订单号,订单状态,买家付款时间,订单实付金额,全部商品名称,商品种类数,收货人/提货人,收货人手机号/提货人手机号,详细收货地址/提货地址,买家手机号,买家昵称,优惠券码名称,分销员
E1,已发货,2026-11-01 10:00:00,99.00,益生元,1,王芳,13800000001,山东省,13900000001,昵称甲,9折券,导购甲
E2,交易关闭,2026-11-01 11:00:00,50.00,益生元,1,刘洋,13800000002,广东省,13900000002,昵称乙,,导购甲
"""
