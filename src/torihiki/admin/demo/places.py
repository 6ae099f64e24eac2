"""Real towns with their postal codes; streets, house numbers and telephone numbers in them are invented."""

from __future__ import annotations

# Postal code, prefecture, town, quarter.
JP_PLACES = (
    ("150-0041", "東京都", "渋谷区", "神南"),
    ("160-0022", "東京都", "新宿区", "新宿"),
    ("154-0024", "東京都", "世田谷区", "三軒茶屋"),
    ("530-0001", "大阪府", "大阪市北区", "梅田"),
    ("542-0086", "大阪府", "大阪市中央区", "西心斎橋"),
    ("060-0042", "北海道", "札幌市中央区", "大通西"),
    ("980-0811", "宮城県", "仙台市青葉区", "一番町"),
    ("220-0012", "神奈川県", "横浜市西区", "みなとみらい"),
    ("330-0802", "埼玉県", "さいたま市大宮区", "宮町"),
    ("460-0008", "愛知県", "名古屋市中区", "栄"),
    ("810-0001", "福岡県", "福岡市中央区", "天神"),
    ("650-0021", "兵庫県", "神戸市中央区", "三宮町"),
    ("730-0011", "広島県", "広島市中区", "基町"),
    ("760-0019", "香川県", "高松市", "サンポート"),
    ("390-0811", "長野県", "松本市", "中央"),
    ("900-0013", "沖縄県", "那覇市", "牧志"),
)
JP_BUILDINGS = ("グランドメゾン", "コーポ", "ハイツ", "パークハウス", "レジデンス", "サンハイム")
JP_BUILDING_SUFFIXES = ("若葉", "桜", "青葉", "緑が丘", "風見", "星野")
JP_SURNAMES = (
    "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田", "山田",
    "佐々木", "山口", "松本", "井上", "木村", "林", "斎藤", "清水", "山崎", "森", "池田", "橋本",
    "阿部", "石川", "前田", "藤田", "小川", "岡田", "後藤", "長谷川",
)  # fmt: skip
JP_GIVEN = (
    "陽菜", "結衣", "葵", "美咲", "さくら", "真由美", "恵子", "裕子", "千尋", "彩花", "七海", "由美",
    "蓮", "大翔", "湊", "健太", "翔太", "直樹", "誠", "拓也", "大輔", "浩二", "修", "和也",
)  # fmt: skip
JP_COMPANIES = (
    "青嵐商事",
    "みのり設計事務所",
    "北斗印刷",
    "あさひ会計",
    "白川製作所",
    "つばめ企画",
)

# City, state, ZIP code, sales tax in basis points.
US_PLACES = (
    ("Seattle", "WA", "98109", 1035),
    ("Portland", "OR", "97205", 0),
    ("San Francisco", "CA", "94110", 863),
    ("San Diego", "CA", "92104", 775),
    ("Denver", "CO", "80205", 881),
    ("Austin", "TX", "78704", 825),
    ("Houston", "TX", "77007", 825),
    ("Minneapolis", "MN", "55408", 903),
    ("Chicago", "IL", "60614", 1025),
    ("Columbus", "OH", "43206", 800),
    ("Nashville", "TN", "37206", 975),
    ("Atlanta", "GA", "30312", 890),
    ("Boston", "MA", "02130", 625),
    ("Brooklyn", "NY", "11215", 888),
    ("Manchester", "NH", "03104", 0),
    ("Miami", "FL", "33133", 700),
)
US_STREETS = (
    "Millrace Road", "Juniper Hollow Drive", "Old Ferry Lane", "Copperleaf Avenue", "Quarry View Terrace",
    "Larkspur Bend", "Thornbury Street", "Saddlebrook Court",
)  # fmt: skip
US_SURNAMES = (
    "Alvarez", "Bennett", "Brooks", "Carter", "Chen", "Coleman", "Diaz", "Foster", "Garcia", "Hayes", "Hughes",
    "Jensen", "Johnson", "Kim", "Kowalski", "Martinez", "Miller", "Nguyen", "O'Connor", "Patel", "Ramirez",
    "Reed", "Robinson", "Schmidt", "Smith", "Sullivan", "Thompson", "Walker", "Washington", "Williams",
)  # fmt: skip
US_GIVEN = (
    "Aaliyah", "Amanda", "Andrew", "Ashley", "Brandon", "Carlos", "Daniel", "Emily", "Ethan", "Grace", "Hannah",
    "Isabella", "James", "Jessica", "Joshua", "Kevin", "Laura", "Marcus", "Maria", "Michael", "Nicole", "Olivia",
    "Rachel", "Samuel", "Sarah", "Tyler", "Victoria", "William",
)  # fmt: skip
US_COMPANIES = (
    "Birchwater Outfitters LLC", "Tallgrass Dental Group", "Quarry Street Design Inc.", "Pinehollow School District",
    "Redfern Logistics LLC", "Marlowe & Finch LLP",
)  # fmt: skip

# Suburb, state, postcode.
AU_PLACES = (
    ("Newtown", "NSW", "2042"),
    ("Parramatta", "NSW", "2150"),
    ("Fitzroy", "VIC", "3065"),
    ("Geelong", "VIC", "3220"),
    ("West End", "QLD", "4101"),
    ("Cairns", "QLD", "4870"),
    ("Fremantle", "WA", "6160"),
    ("Norwood", "SA", "5067"),
    ("Hobart", "TAS", "7000"),
    ("Braddon", "ACT", "2612"),
    ("Darwin", "NT", "0800"),
)
AU_STREETS = (
    "Wattlebird Street", "Cormorant Road", "Ironbark Crescent", "Lorikeet Parade", "Old Jetty Lane", "Bottlebrush Way",
)  # fmt: skip
AU_SURNAMES = (
    "Anderson", "Brown", "Campbell", "Clarke", "Dunn", "Harris", "Kelly", "Lee", "Mitchell", "Murphy", "Nguyen",
    "Papadopoulos", "Rossi", "Ryan", "Singh", "Taylor", "Walsh", "White", "Wilson", "Wong",
)  # fmt: skip
AU_GIVEN = (
    "Amelia", "Archie", "Ben", "Charlotte", "Chloe", "Ella", "Georgia", "Hamish", "Harry", "Imogen", "Jack", "Lachlan",
    "Matilda", "Mia", "Noah", "Priya", "Ruby", "Sophie", "Tom", "Zoe",
)  # fmt: skip
AU_COMPANIES = ("Ironbark Joinery Pty Ltd", "Harbourline Cafes Pty Ltd", "Saltbush Studio Pty Ltd")
# Numbers that the Australian regulator keeps for fiction: an area code each, the last two digits are free.
AU_AREA_CODES = ("02 5550 01", "03 5550 01", "07 5550 01", "08 5550 01")

# City, state, CEP, neighbourhood.
BR_PLACES = (
    ("São Paulo", "SP", "01310-100", "Bela Vista"),
    ("São Paulo", "SP", "05422-010", "Pinheiros"),
    ("Rio de Janeiro", "RJ", "22041-001", "Copacabana"),
    ("Belo Horizonte", "MG", "30130-010", "Centro"),
    ("Curitiba", "PR", "80420-000", "Centro"),
    ("Porto Alegre", "RS", "90010-150", "Centro Histórico"),
    ("Florianópolis", "SC", "88015-200", "Centro"),
    ("Salvador", "BA", "40140-110", "Barra"),
    ("Recife", "PE", "51021-000", "Boa Viagem"),
    ("Brasília", "DF", "70710-100", "Asa Norte"),
)
BR_STREETS = (
    "Rua das Acácias", "Rua dos Jacarandás", "Avenida do Mirante", "Travessa das Marés", "Rua Ipê-Amarelo",
    "Alameda dos Sabiás",
)  # fmt: skip
BR_SURNAMES = (
    "Almeida", "Araújo", "Barbosa", "Cardoso", "Carvalho", "Costa", "Ferreira", "Gomes", "Lima", "Martins", "Melo",
    "Oliveira", "Pereira", "Ribeiro", "Rocha", "Santos", "Silva", "Souza",
)  # fmt: skip
BR_GIVEN = (
    "Ana", "Beatriz", "Bruno", "Camila", "Diego", "Eduardo", "Fernanda", "Gabriel", "Helena", "Isabela", "João",
    "Juliana", "Larissa", "Lucas", "Mariana", "Pedro", "Rafael", "Thiago",
)  # fmt: skip
BR_COMPANIES = ("Mirante Turismo Ltda.", "Padaria Três Irmãs Ltda.", "Oficina do Vale Ltda.")
BR_COMPLEMENTS = ("Apto 30", "Apto 82", "Casa 2", "Bloco B", "Sala 14")
