"""Invented orders in the layout of several shops and platforms: how each of them stands, in their own words."""

# ruff: noqa: E501 (rows are as wide as the exports write them)
from __future__ import annotations

WOO = (
    "order_id,order_number_formatted,order_number,date,status,order_shipping,order_total,order_currency,customer_id,"
    "billing_email,refunded_total\n501,501,501,5/31/2026 0:37,completed,0,10.00,EUR,7,ann@example.org,0\n"
    "502,502,502,5/31/2026 1:37,cancelled,0,20.00,EUR,8,bo@example.org,0\n"
    "503,503,503,5/31/2026 2:37,failed,0,30.00,EUR,9,cy@example.org,0\n"
    "504,504,504,5/31/2026 3:37,pending,0,40.00,EUR,9,cy@example.org,0\n"
    "505,505,505,5/31/2026 4:37,refunded,0,50.00,EUR,9,cy@example.org,50.00\n"
)
SELLER = (
    "amazon-order-id\tmerchant-order-id\tpurchase-date\tlast-updated-date\torder-status\tfulfillment-channel\t"
    "sales-channel\tproduct-name\tsku\tasin\titem-status\tquantity\tcurrency\titem-price\n"
    "111-1\tm1\t2026-11-01T10:00:00+00:00\t\tShipped\tx\tshop.de\tSoap\ts\tB1\tShipped\t2\tEUR\t18.00\n"
    "111-2\tm2\t2026-11-01T11:00:00+00:00\t\tCancelled\tx\tshop.de\tSoap\ts\tB1\tCancelled\t1\tEUR\t9.00\n"
    "111-3\tm3\t2026-11-01T12:00:00+00:00\t\tCancelled\tx\tshop.de\tSoap\ts\tB1\tCancelled\t0\t\t\n"
    "111-4\tm4\t2026-11-01T13:00:00+00:00\t\tPending\tx\tshop.de\tSoap\ts\tB1\tUnshipped\t1\tEUR\t9.00\n"
)
DOUYIN = (
    "主订单编号,子订单编号,选购商品,商品数量,商品金额,订单应付金额,订单提交时间,支付完成时间,订单状态,流量来源\n"
    "4001,4001,肥皂,1,9.00,9.00,2026-11-01 10:00:00,2026-11-01 10:01:00,已完成,直播\n"
    "4002,4002,蜡烛,2,21.00,19.00,2026-11-02 11:00:00,,已关闭,短视频\n"
    "4002,4003,肥皂,1,9.00,9.00,2026-11-02 11:00:00,,已关闭,短视频\n"
)
PDD = (
    "商品,订单号,订单状态,商品总价(元),邮费(元),店铺优惠折扣(元),平台优惠折扣(元),用户实付金额(元),商家实收金额(元),商品数量(件),"
    '拼单成功时间,支付时间,售后状态\n肥皂,"261101-001",已发货,9.00,0,1.00,0,8.00,8.00,1,2026-11-01 10:02:00,'
    '2026-11-01 10:01:00,无售后\n蜡烛,"261102-002",已取消，退款成功,21.00,0,0,2.00,19.00,21.00,2,2026-11-02 11:02:00,'
    "2026-11-02 11:01:00,退款成功\n"
)
ETSY = (
    '"Sale Date","Order ID","Buyer User ID","Full Name","Number of Items","Payment Method","Date Shipped",'
    '"Ship Country",Currency,"Order Value","Coupon Code","Discount Amount",Shipping,"Sales Tax","Order Total",Status,'
    '"Card Processing Fees","Order Net"\n09/21/26,1001,b1,Ann Example,1,online_cc,09/22/26,"United States",USD,30.00,,'
    "0.00,5.00,2.10,37.10,,1.30,35.80\n09/03/26,1002,b2,Bo Example,2,online_cc,09/04/26,Canada,USD,50.00,THANKS10,"
    "5.00,5.00,0.00,50.00,,1.75,48.25\n"
)
ANALYTICS = (
    'Date,"Order #",Status,Customer,"Customer type","Product(s)","Items sold","Coupon(s)","N. Revenue",Attribution\n'
    '"2026-11-01 10:00:00",501,Completed,"Ann Example",new,"1× Soap",1,,9.00,"Direct"\n'
    '"2026-11-02 11:00:00",502,Refunded,"Bo Example",returning,"2× Candle",2,save5,21.00,"Organic: Google"\n'
)
PAYMENTS = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Fee,Status,Statement Descriptor,Customer ID\n"
    "ch_1,2026-11-01 10:00:00,20.00,0.00,usd,true,0.88,Paid,SHOP,c1\n"
    "ch_2,2026-11-01 11:00:00,30.00,30.00,usd,true,1.17,Refunded,SHOP,c2\n"
    "ch_3,2026-11-01 12:00:00,40.00,0.00,usd,false,0.00,Failed,SHOP,c3\n"
    "ch_4,2026-11-01 13:00:00,50.00,5.00,usd,true,1.75,Partially Refunded,SHOP,c4\n"
)
GERMAN = (
    "Bestellnummer;order_id;created_at;total;currency;Bestellstatus\n"
    "1;1;2026-11-01;10,50;EUR;Abgeschlossen\n2;2;2026-11-01;20,00;EUR;Storniert\n"
    "3;3;2026-11-02;30,00;EUR;In Wartestellung\n4;4;2026-11-02;40,00;EUR;Rückerstattet\n"
)
TAOBAO = (
    '订单编号,订单创建时间,订单金额,币种,订单状态\nA1,2026-11-01 10:00:00,10,CNY,"买家已付款,等待卖家发货"\n'
    "A2,2026-11-01 11:00:00,20,CNY,等待买家付款\n"
    "A3,2026-11-01 12:00:00,30,CNY,交易成功\nA4,2026-11-01 13:00:00,40,CNY,交易关闭\n"
)
JD = (
    "订单号,商品ID,商品名称,订购数量,支付方式,下单时间,京东价,订单金额,结算金额,余额支付,应付金额,订单状态,订单类型,下单帐号,商家备注等级,运费金额,付款确认时间,订单渠道\n"
    "71001,501,白瓷茶壶,1,在线支付,2026-11-01 10:00:00,60.00,100.00,90.00,0.00,90.00,完成,销售订单,b-1,,0.00,2026-11-01 10:01:00,暂无来源\n"
    "71001,502,竹制茶盘,1,在线支付,2026-11-01 10:00:00,40.00,100.00,90.00,0.00,90.00,完成,销售订单,b-1,,0.00,2026-11-01 10:01:00,暂无来源\n"
    "71002,501,白瓷茶壶,1,在线支付,2026-11-02 11:00:00,60.00,60.00,60.00,0.00,60.00,(删除)等待出库,销售订单,b-2,,0.00,,暂无来源\n"
    "71003,503,茶漏,2,在线支付,2026-11-03 12:00:00,5.00,10.00,10.00,2.00,8.00,等待出库,销售订单,b-3,,0.00,2026-11-03 12:02:00,暂无来源\n"
)
KUAISHOU = (
    "订单号,赠品订单号,活动订单编号,订单创建时间,订单支付时间,订单状态,实付款,快递费,店铺优惠,平台补贴,主播补贴,支付方式,成交数量,售后状态,订单载体,商品名称,商品ID,商品单价,渠道,CPS达人ID,CPS达人昵称,快赚客ID\n"
    "2601,,,2026-11-01 20:00:00,2026-11-01 20:00:40,交易成功,39.90,0,0,0,0,微信,1,,直播,香皂,11,39.90,分销,7,甲,\n"
    "2602,,,2026-11-01 20:05:00,,交易关闭,19.90,0,0,0,0,,1,,直播,蜡烛,12,19.90,自营,,,\n"
    "2603,,,2026-11-02 21:00:00,2026-11-02 21:01:00,已发货,20.00,0,5.00,0,0,微信,1,退款成功,短视频,蜡烛,12,25.00,分销,7,甲,\n"
)
AFFILIATES = (
    "id,advertiser_id,sale_amount,commission,date,commission_status,validation_date,click_ref,type,site_name,URL,"
    "decline_reason,clickThroughTime,voucher_code_used,lapse_time,amended,old_sale_amount,transaction_parts,"
    "customer_country,paid_to_publisher,voucher_code\n"
    "901,77,50.00,5.00,2026-11-01 10:00:00,approved,2026-11-20,,Commission group transaction,Deals blog,,,,no,9,no,,,GB,no,\n"
    '902,77,"1,030.00",3.00,2026-11-02 11:00:00,declined,2026-11-20,,Commission group transaction,Deals blog,,x,,yes,9,no,,,GB,no,FALL\n'
    "903,77,20.00,2.00,2026-11-03 12:00:00,pending,,,Commission group transaction,Cashback,,,,no,9,no,,,FR,no,\n"
)
ITEMS = (
    '"Sale Date","Item Name",Buyer,Quantity,Price,"Coupon Code","Coupon Details","Discount Amount","Shipping Discount",'
    '"Order Shipping","Order Sales Tax","Item Total",Currency,"Transaction ID","Listing ID","Date Paid","Date Shipped",'
    '"Ship Country","Order ID",Variations,"Order Type","Listings Type","Payment Type"\n'
    '09/03/26,"Mug, speckled",b1,2,34.00,,,0,0,5.00,0,68.00,EUR,11,901,09/03/26,09/05/26,Italy,3001,,online,listing,online_cc\n'
    "09/03/26,Bowl,b1,1,12.00,,,0,0,5.00,0,12.00,EUR,12,902,09/03/26,09/05/26,Italy,3001,,online,listing,online_cc\n"
    "09/21/26,Bowl,b2,1,12.00,TEN,10% off,1.20,0,5.00,0,12.00,EUR,13,902,09/22/26,,France,3002,,online,listing,online_cc\n"
)
