"""Made-up reports of advertising platforms, in their headings, numbers, dates and totals."""

# ruff: noqa: E501 (rows are as wide as the exports write them)
GOOGLE_API = """\
campaign.name,campaign.id,segments.date,customer.currency_code,metrics.impressions,metrics.clicks,metrics.cost_micros,metrics.conversions,metrics.conversions_value
Lamps,11,2026-11-01,EUR,1200,30,12340000,2.0,80.5
Lamps,11,2026-11-02,EUR,900,20,7660000,1.0,19.5
"""
GOOGLE_ITALIAN = """\
Rapporto campagne
"1 novembre 2026 - 2 novembre 2026"
Giorno,Campagna,Codice valuta,Costo,Impr.,Clic,Conversioni,Valore conv.
2026-11-01,Lampade,EUR,"1.234,56","12.345",120,"3,00","300,00"
2026-11-02,Lampade,EUR,"99,90",900,9,"0,50","20,00"
Totale: account, --,EUR,"1.334,46","13.245",129,"3,50","320,00"
"""
GOOGLE_FRENCH = """\
Rapport sur les campagnes
"1 nov. 2026 - 2 nov. 2026"
Jour;Campagne;Code de la devise;Coût;Impr.;Clics;Conversions;Valeur de conv.
2026-11-01;Toits;CAD;12,34;1\u202f234;7;1,00;40,00
2026-11-02;Toits;CAD;1\u202f020,50;10\u202f500;88;2,50;60,00
Total : compte;--;CAD;1\u202f032,84;11\u202f734;95;3,50;100,00
"""
GOOGLE_SPANISH = """\
Campaña,Grupo de anuncios,Día,Moneda,Clics,Impresiones,Costo,Vistas
Norte,G1,2026-11-01,MXN,12,"1,200",350.50,4
Norte,G1,2026-11-02,MXN,8,900,149.50,2
"""
GOOGLE_PORTUGUESE = """\
Performance da campanha
1 de novembro de 2026 - 30 de novembro de 2026
"Campanha","ID da campanha","Estado da campanha","Tipo de campanha","Cliques","Impr.","Conversões","Custo"
"Marca","12345","Ativada","Pesquisa","10","100","2,5","29,16"
"Luzes","12346","Ativada","Pesquisa","5","50","1,0","1.000,84"
"Total: Conta","--","--","--","15","150","3,5","1.030,00"
"""
GOOGLE_JAPANESE = """\
キャンペーン レポート
2026年11月1日 - 2026年11月2日
日,キャンペーン,広告グループ,表示回数,クリック数,費用,コンバージョン,コンバージョン値
2026-11-01,照明,北,"1,200",48,"7,200",1.00,"8,500"
2026-11-02,照明,北,800,22,"3,300",0.00,0
合計: アカウント, --, --,"2,000",70,"10,500",1.00,"8,500"
"""
TIKTOK_PURCHASES = """\
By Day,Campaign name,Ad group name,Ad name,Cost (EUR),Impressions,Clicks (destination),Conversions,Total purchase value
2026-11-01,Spring,A,V1,20.50,4000,80,3,90.00
2026-11-02,Spring,A,V1,29.50,6000,120,1,30.00
Total of 2 results,-,-,-,50.00,10000,200,4,120.00
"""
TIKTOK_API = """\
stat_time_day,campaign_name,adgroup_name,spend,impressions,clicks,conversion,currency
2026-11-01 00:00:00,Spring,A,20.50,4000,80,3,USD
2026-11-02 00:00:00,Spring,A,29.50,6000,120,1,USD
"""
PINDUODUO = """\
日期,商品ID,商品名称,推广场景,推广名称,出价方式,分组,是否已删除,总花费(元),成交花费(元),交易额(元),实际投产比,净交易额(元),净成交笔数,成交笔数,曝光量,点击量
2026-11-01,901,香皂,全站推广,双11,目标投产比 2.5,默认,否,120.50,118.00,600.00,4.98,550.00,20,22,15520,313
2026-11-02,901,香皂,全站推广,双11,目标投产比 2.5,默认,否,79.50,79.00,400.00,5.03,380.00,10,11,9000,210
总计,-,-,-,-,-,-,-,200.00,197.00,1000.00,5.00,930.00,30,33,24520,523
"""
PINDUODUO_COUPONS = """\
日期,商品ID,商品名称,推广场景,推广名称,成交营销花费(元),交易额(元),实际投产比,总营销花费(元),推广成交花费(元),结算券花费(元),推广总花费(元),净交易额(元),净成交笔数,成交笔数,曝光量,点击量
2026-11-01,901,香皂,商品推广,双11,118.00,600.00,4.98,120.50,100.00,18.00,102.50,550.00,20,22,15520,313
2026-11-02,901,香皂,商品推广,双11,79.00,400.00,5.03,79.50,60.00,19.00,60.50,380.00,10,11,9000,210
"""
PINTEREST = """\
Date,Campaign name,Ad group name,Spend in account currency,Impressions,Pin clicks,Outbound clicks,CTR,eCPC,Total conversions,Checkouts,Checkout value in account currency,Checkout ROAS
2026-11-01,Spring Pins,Group A,10.00,5000,150,60,3.0%,0.07,4,1,8.99,0.90
2026-11-01,Spring Pins,Group B,5.00,2500,70,30,2.8%,0.07,2,0,0.00,0
2026-11-02,Spring Pins,Group A,12.00,6000,180,75,3.0%,0.07,3,2,17.98,1.50
Total,,,27.00,13500,400,165,,,9,3,26.97,
"""
XIAOHONGSHU = """\
时间,笔记ID,消费,展现量,点击量,点击率,平均点击成本,平均千次展示费用,点赞,评论,收藏,关注,分享,互动量,7日支付订单量,7日下单金额
合计2条记录,-,100,3000,60,2%,1.67,33.3,10,1,5,1,0,17,5,500
2026-11-01,n1,60,2000,40,2%,1.5,30,6,1,3,1,0,11,3,300
2026-11-02,n1,40,1000,20,2%,2,40,4,0,2,0,0,6,2,200
"""
JINGZHUNTONG = """\
时间,推广计划,展现数,点击数,点击率,总费用,千次展现成本,平均点击成本,直接订单行,直接订单金额,间接订单行,间接订单金额,总订单行,总订单金额,总加购数
2026-11-01,店铺收割,25489,1069,4.19%,4470.34,175.38,4.18,12,22800.80,13,26871.40,25,49672.20,310
2026-11-02,店铺收割,1000,50,5%,529.66,529.66,10.59,2,2000,0,0,2,2000,5
"""
KUAISHOU = """\
日期,账户ID,计划ID,计划名称,花费（元）,封面曝光数,封面点击数,素材曝光数,行为数,直接订单数,直接GMV(元),当日累计GMV(元)
2026-11-01,1,7,直播间,500.50,10000,300,9000,120,10,2000,2500
2026-11-02,1,7,直播间,499.50,9000,250,8000,100,8,1500,1900
"""
