"""What the demo's sellers sell: one list a seller, with the words and the price of each marketplace."""

from __future__ import annotations

from msgspec import Struct

from torihiki.admin.demo.marketplaces import AU, BR, JP, US, Json, Market

# Tax within a price or on top of it, in basis points; on top of it the buyer's state decides.
_JP_GOODS, _JP_FOOD, _AU_GST = 1000, 800, 1000


class Product(Struct, frozen=True, kw_only=True):
    """An article in one marketplace: price in minor units, tax in basis points of the price before tax."""

    price: int
    tax_rate: int
    head: Json


class Catalogue(Struct, frozen=True, kw_only=True):
    """The articles of one marketplace; the number of everyday ones is a prime."""

    everyday: tuple[Product, ...]
    preorder: Product
    customised: Product
    regulated: Product
    transparency: Product
    used: Product


# ASIN, SKU, pieces in the pack, food, name and price at home, name and price abroad. The last five are the special
# ones, in the order of the fields of Catalogue.
_Row = tuple[str, str, int, bool, str, int, str, int]

_KAZEHANA: tuple[_Row, ...] = (
    ("B0TKZ1SENC", "KZ-TEA-001", 1, True, "風花 煎茶 静岡産 一番茶 100g", 1980, "Kazehana Sencha First Flush Green Tea 100 g", 2490),
    ("B0TKZ2HOJI", "KZ-TEA-002", 1, True, "風花 加賀棒ほうじ茶 80g 缶入り", 1480, "Kazehana Roasted Hojicha Tea 80 g Tin", 1990),
    ("B0TKZ3MATC", "KZ-TEA-003", 1, True, "風花 宇治抹茶 薄茶用 40g", 2680, "Kazehana Uji Matcha 40 g", 3450),
    ("B0TKZ4GENM", "KZ-TEA-004", 2, True, "風花 玄米茶 ティーバッグ 20包 2個セット", 1280, "Kazehana Genmaicha Tea Bags, 2 x 20", 1690),
    ("B0TKZ5KYUS", "KZ-POT-011", 1, False, "常滑焼 急須 360ml 深蒸し用 茶こし付き", 4980, "Tokoname Teapot 360 ml with Fine Strainer", 6900),
    ("B0TKZ6YUNO", "KZ-CUP-012", 2, False, "九谷焼 夫婦湯のみ 青粒 2個組", 6600, "Kutani Tea Cups, Blue, Set of 2", 8900),
    ("B0TKZ7CHAS", "KZ-MAT-013", 1, False, "茶筅 高山製 百本立 ケース付き", 3300, "Bamboo Matcha Whisk, 100 Prongs, with Case", 4250),
    ("B0TKZ8CADY", "KZ-CAN-014", 1, False, "桜皮細工 茶筒 200g", 8800, "Cherry Bark Tea Caddy 200 g", 11900),
    ("B0TKZ9TRAY", "KZ-TRY-015", 1, False, "山中漆器 丸盆 30cm 拭き漆", 5500, "Yamanaka Lacquer Round Tray 30 cm", 7400),
    ("B0TKZATENU", "KZ-TEX-021", 3, False, "注染 手ぬぐい 三枚組 千鳥・青海波・麻の葉", 2970, "Dyed Tenugui Cloths, Set of 3", 3890),
    ("B0TKZBFURO", "KZ-TEX-022", 1, False, "綿 風呂敷 90cm 藍", 2200, "Cotton Furoshiki Wrapping Cloth 90 cm, Indigo", 2990),
    ("B0TKZCINCE", "KZ-INC-031", 1, False, "お香 白檀 スティック 60本", 1650, "Sandalwood Incense, 60 Sticks", 2190),
    ("B0TKZDCAND", "KZ-INC-032", 10, False, "和ろうそく 2号 10本入り", 1870, "Japanese Plant Wax Candles, 10 Pieces", 2590),
    ("B0TKZENOTE", "KZ-STA-041", 1, False, "越前和紙 ノート A5 無地 96ページ", 1320, "Echizen Washi Notebook A5, Plain, 96 Pages", 1890),
    ("B0TKZFBRUS", "KZ-STA-042", 1, False, "熊野筆 小筆 写経用", 2420, "Kumano Calligraphy Brush, Small", 3190),
    ("B0TKZGCHOP", "KZ-TBL-051", 5, False, "若狭塗 箸 五膳セット", 3850, "Wakasa Lacquer Chopsticks, 5 Pairs", 4990),
    ("B0TKZHKNIF", "KZ-KIT-061", 1, False, "越前打刃物 三徳包丁 170mm", 13200, "Echizen Santoku Knife 170 mm", 17900),
    ("B0TKZJSHIN", "KZ-TEA-101", 1, True, "【予約】風花 新茶 八十八夜摘み 100g", 2480, "Kazehana New Harvest Shincha 100 g (Pre-order)", 3290),
    ("B0TKZKNAME", "KZ-CUP-102", 1, False, "名入れ 湯のみ 信楽焼 お名前をお選びください", 3960, "Shigaraki Cup with Your Name", 5290),
    ("B0TKZLMOXA", "KZ-MED-103", 1, False, "風花 もぐさ灸 ソフト 60点", 2090, "Moxa Patches, Soft, 60 Pieces", 2890),
    ("B0TKZMSKIN", "KZ-COS-104", 1, False, "緑茶 化粧水 150ml しっとり", 2750, "Green Tea Lotion 150 ml", 3590),
    ("B0TKZNCAST", "KZ-USE-105", 1, False, "南部鉄器 鉄瓶 0.9L 中古・良い", 9800, "Nambu Cast Iron Kettle 0.9 L (Used)", 12900),
)  # fmt: skip

_LARKFIELD: tuple[_Row, ...] = (
    ("B0TLK1MUG1", "LP-MUG-001", 1, False, "Larkfield Enamel Camp Mug, 12 oz, Forest Green", 1499, "Caneca Esmaltada Larkfield 350 ml, Verde", 7990),
    ("B0TLK2KETT", "LP-KET-002", 1, False, "Larkfield Stainless Camp Kettle, 1.2 L", 3299, "Chaleira de Acampamento Larkfield 1,2 L", 17990),
    ("B0TLK3COFF", "LP-COF-003", 1, True, "Larkfield Trailhead Ground Coffee, Medium Roast, 12 oz", 1295, "Café Moído Larkfield Torra Média 340 g", 4990),
    ("B0TLK4GRAN", "LP-GRA-004", 6, True, "Larkfield Maple Granola Bars, 6 Pack", 1149, "Barras de Granola Larkfield, 6 Unidades", 3990),
    ("B0TLK5LANT", "LP-LAN-011", 1, False, "Larkfield Rechargeable Lantern, 400 Lumens", 4495, "Lanterna Recarregável Larkfield 400 Lúmens", 22990),
    ("B0TLK6HEAD", "LP-LAN-012", 1, False, "Larkfield Headlamp, 250 Lumens", 2449, "Lanterna de Cabeça Larkfield 250 Lúmens", 12990),
    ("B0TLK7BLNK", "LP-BLK-013", 1, False, "Larkfield Wool Camp Blanket, 60 x 80 in", 8900, "Manta de Lã Larkfield 150 x 200 cm", 44900),
    ("B0TLK8HAMM", "LP-HAM-014", 1, False, "Larkfield Double Hammock with Straps", 3995, "Rede de Camping Dupla Larkfield com Cintas", 19990),
    ("B0TLK9DRYB", "LP-BAG-015", 2, False, "Larkfield Dry Bags, 10 L and 20 L, Set of 2", 2799, "Sacos Estanques Larkfield 10 L e 20 L", 13990),
    ("B0TLKAPACK", "LP-BAG-016", 1, False, "Larkfield Day Pack, 22 L, Slate", 5995, "Mochila Larkfield 22 L, Cinza", 29990),
    ("B0TLKBSOCK", "LP-SOX-021", 3, False, "Larkfield Merino Hiking Socks, 3 Pairs", 3600, "Meias de Trilha Larkfield, 3 Pares", 17900),
    ("B0TLKCHATS", "LP-HAT-022", 1, False, "Larkfield Waxed Cotton Hat", 2950, "Chapéu de Algodão Encerado Larkfield", 14900),
    ("B0TLKDSKIL", "LP-KIT-031", 1, False, "Larkfield Cast Iron Skillet, 10 in", 3499, "Frigideira de Ferro Larkfield 26 cm", 18990),
    ("B0TLKECUTL", "LP-KIT-032", 4, False, "Larkfield Camp Cutlery, 4 Sets", 2199, "Talheres de Camping Larkfield, 4 Jogos", 10990),
    ("B0TLKFROPE", "LP-ROP-041", 1, False, "Larkfield Utility Cord, 4 mm, 100 ft", 1325, "Cordelete Larkfield 4 mm, 30 m", 6490),
    ("B0TLKGFIRE", "LP-FIR-042", 1, False, "Larkfield Ferro Rod Fire Starter", 1195, "Pederneira Larkfield", 5990),
    ("B0TLKHBOOK", "LP-BOK-043", 1, False, "Larkfield Weatherproof Field Notebook, 3.5 x 5.5 in", 899, "Caderno à Prova d'Água Larkfield", 4490),
    ("B0TLKJTENT", "LP-TNT-101", 1, False, "Larkfield Ridge 2 Tent (Pre-order)", 24900, "Barraca Larkfield Ridge 2 (Pré-venda)", 129900),
    ("B0TLKKFLSK", "LP-CUS-102", 1, False, "Larkfield Engraved Flask, 8 oz, Your Initials", 3450, "Cantil Gravado Larkfield 240 ml, Suas Iniciais", 16990),
    ("B0TLKLFLEA", "LP-PET-103", 3, False, "Flea and Tick Chewables for Dogs 25-50 lb, 3 Doses (Prescription)", 6799, "Comprimidos Antipulgas para Cães, 3 Doses", 26990),
    ("B0TLKMFILT", "LP-FLT-104", 1, False, "Larkfield Water Filter Straw", 2895, "Canudo Filtrante Larkfield", 13990),
    ("B0TLKNSTOV", "LP-USE-105", 1, False, "Larkfield Folding Stove (Used, Very Good)", 2750, "Fogareiro Dobrável Larkfield (Usado)", 12990),
)  # fmt: skip


_USED_NOTES = {
    "JP": "使用感はありますが、目立つ傷やサビはありません。",
    "AU": "Light signs of use, no rust.",
    "US": "Used on two trips, works like new.",
    "BR": "Usado em duas trilhas, funciona perfeitamente.",
}


def _product(market: Market, row: _Row, extra: Json) -> Product:
    asin, sku, pieces, food, home_title, home_price, title, price = row
    home = market.id == market.seller.marketplace_ids[0]
    return Product(
        price=home_price if home else price,
        tax_rate=_rate(market, food=food),
        head={
            "ASIN": asin,
            "SellerSKU": sku,
            "Title": home_title if home else title,
            "ProductInfo": {"NumberOfItems": str(pieces)},
            "ConditionId": "New",
            "ConditionSubtypeId": "New",
            "IsTransparency": False,
            **extra,
        },
    )


def _rate(market: Market, *, food: bool) -> int:
    if market.country == "JP":
        return _JP_FOOD if food else _JP_GOODS
    return _AU_GST if market.country == "AU" else 0


def _catalogue(market: Market, rows: tuple[_Row, ...]) -> Catalogue:
    used: Json = {
        "ConditionId": "Used",
        "ConditionSubtypeId": "Very Good",
        "ConditionNote": _USED_NOTES[market.country],
    }
    return Catalogue(
        everyday=tuple(_product(market, row, {}) for row in rows[:-5]),
        preorder=_product(market, rows[-5], {"ConditionId": "Preorder"}),
        customised=_product(market, rows[-4], {}),
        regulated=_product(market, rows[-3], {}),
        transparency=_product(market, rows[-2], {"IsTransparency": True}),
        used=_product(market, rows[-1], used),
    )


CATALOGUES = {
    JP.id: _catalogue(JP, _KAZEHANA),
    AU.id: _catalogue(AU, _KAZEHANA),
    US.id: _catalogue(US, _LARKFIELD),
    BR.id: _catalogue(BR, _LARKFIELD),
}
