"""Names of people who do not exist, from many scripts, with the share of customers who bear them.

Wanjiku, Achieng and Ngũgĩ are missing on purpose: the demonstration has one of each, and a search for
them finds nobody else.
"""

from __future__ import annotations

from typing import Final

_KENYA: Final = (
    """
    Njoroge Kamande Wangari Nyambura Muthoni Wairimu Njeri Wambui Mumbi Nyokabi Wangui Gathoni Kariuki
    Githinji Mũthĩnĩ Waithĩra Kĩmani Gĩtaũ Mũgo Otieno Ochieng Odhiambo Okoth Onyango Akinyi Atieno Adhiambo Awuor
    Apiyo Anyango Owuor Ouma Wafula Wekesa Simiyu Barasa Nekesa Nanjala Nafula Kiprop Kipchoge Kiptoo Kibet Cheruiyot
    Chebet Jepkosgei Jelagat Chepkoech Mutua Musyoka Mwende Ndinda Mutheu Kioko Nzisa Kawira Mwiti Kinya Makena
    Amani Baraka Neema Zawadi Upendo Rehema Imani Tumaini Subira Salama Halima Mwanaisha Fatuma Juma Hamisi Rashid
    Grace Mary John Peter Joseph Esther Ruth Daniel Samuel Mercy Faith Joyce Alice David James Jane Agnes Beatrice
    """.split(),
    """
    Kamau Mwangi Maina Karanja Kimani Njoroge Waweru Gitonga Macharia Muriuki Kariuki Mbugua Gachanja Ndegwa Wahome
    Nderitu Kĩbaki Mũraga Wambũgũ Otieno Ochieng Odhiambo Omondi Onyango Owino Okello Ogola Oduya Opiyo Ouko Wafula
    Wanyama Wamalwa Masinde Khaemba Mukhwana Kiplagat Kipkorir Rotich Koech Bett Langat Ruto Sang Mutai Mutua Musyoka
    Kilonzo Mwanzia Nzioka Muli Mbithi Kirimi Murithi Mugambi Mwenda M'Imanyara wa~Thiong'o ole~Ntutu arap~Koros
    bin~Salim binti~Omar Abdalla Mohamed Bakari Mwakio Mwadime Nyange Lekuton Lelelit Ekai Lokaale Erupe Etyang
    """.split(),
)

_MARKS: Final = (
    """
    Zoë François Anaïs José Núria Søren Bjørn Åsa Łukasz Żaneta Jiří Šárka Ágnes Ştefan İpek Çağla Gülşen Đặng
    Nguyệt Thảo Ọláwálé Ṣadé Ìyábọ̀ Naïma Béatrice Chloé Þóra Māra Kārlis Eglė Žygimantas Müge Jürgen
    """.split(),
    """
    Müller Lefèvre Núñez Sørensen Ångström Łukasiewicz Dvořák Kovács Ionescu-Țurcanu Yılmaz Đorđević Nguyễn Phạm
    Adéwálé Ọbásanjọ́ Gómez-Peña D'Angelo O'Connor Þórsdóttir Bērziņš Žukauskas Gonçalves Özdemir Šimić Côté
    """.split(),
)

_AMHARIC: Final = (
    "አበበ ሰላም ትግስት ዳዊት ሄለን ብርሃኑ ማርታ ተስፋዬ ሙሉነህ እመቤት ዮሐንስ ሳራ".split(),
    "ከበደ ተክሌ ገብሬ ኃይሉ አለሙ በቀለ ወልደ ታደሰ መኮንን ደስታ".split(),
)
_ARABIC: Final = (
    "فاطمة محمد أحمد عائشة خديجة عمر يوسف مريم سالم زينب حسن ليلى".split(),
    "السقاف الحداد باعلوي المنصوري العمري الكندي بن~علي الشريف النجار الخطيب".split(),
)
_DEVANAGARI: Final = (
    "प्रिया राज अनीता विकास सुनीता अमित कविता संजय मीना दीपक आरती रवि".split(),
    "शर्मा पटेल गुप्ता सिंह मेहता वर्मा जोशी देसाई शाह त्रिपाठी".split(),
)
_GUJARATI: Final = ("હિના જયેશ કિરણ નીતા ભરત".split(), "પટેલ શાહ દેસાઈ મોદી ઠક્કર".split())
_TAMIL: Final = ("கவிதா முருகன் செல்வி அருண் மாலா".split(), "சுப்பிரமணியம் ராமசாமி கண்ணன் பாலன்".split())
_HAN: Final = (
    "伟 芳 秀英 敏 静 丽 强 磊 洋 勇 艳 杰 小明 建国 雪梅 志强".split(),
    "王 李 张 刘 陈 杨 赵 黄 周 吴 欧阳 司马".split(),
)
_HANGUL: Final = (
    "민준 서연 지우 예은 도윤 하은 준호 수빈 영희 철수".split(),
    "김 이 박 최 정 강 조 윤 남궁".split(),
)
_KANA: Final = ("さくら はると ゆい あおい".split(), "さとう すずき たかはし たなか".split())
_CYRILLIC: Final = (
    "Анна Иван Ольга Дмитрий Наталия Сергей Юлія Андрій Борис Елена".split(),
    "Иванова Петров Смирнов Кузнецова Шевченко Коваленко Попов Йорданова".split(),
)
_GREEK: Final = (
    "Ελένη Γιώργος Μαρία Νίκος Κατερίνα Δημήτρης Σοφία Ανδρέας".split(),
    "Παπαδόπουλος Γεωργίου Νικολάου Οικονόμου Αθανασίου Ιωαννίδης".split(),
)
_HEBREW: Final = ("נועה יוסף מרים דוד רחל אורי".split(), "כהן לוי מזרחי פרץ ביטון".split())
_GEORGIAN: Final = ("ნინო გიორგი თამარ ლევანი მარიამ".split(), "ბერიძე კაპანაძე გელაშვილი მამედოვი".split())
_ARMENIAN: Final = ("Անահիտ Արամ Լիլիթ Տիգրան".split(), "Պետրոսյան Հակոբյան Սարգսյան".split())
_THAI: Final = ("สมชาย มาลี นภา วิชัย ศิริพร".split(), "ใจดี สุขสันต์ ทองดี ศรีสุข".split())

PEOPLE: Final[tuple[tuple[int, tuple[list[str], list[str]]], ...]] = (
    (68, _KENYA),
    (8, _MARKS),
    (4, _AMHARIC),
    (4, _ARABIC),
    (4, _DEVANAGARI),
    (1, _GUJARATI),
    (1, _TAMIL),
    (2, _HAN),
    (1, _HANGUL),
    (1, _KANA),
    (2, _CYRILLIC),
    (1, _GREEK),
    (1, _HEBREW),
    (1, _GEORGIAN),
    (1, _ARMENIAN),
    (1, _THAI),
)
"""Weight, then given names and family names; `~` stands for a space inside a name."""

ENTITIES: Final = (
    "Umoja Harambee Jitegemee Mlima Savanna Tausi Bahari Simba Twiga Rift Equator Uhuru Highland Lakeside".split(),
    "Traders Hardware Dairy Bakery Transporters Farmers Chemists Motors Textiles Academy Welfare Stores".split(),
    "Ltd|Co-operative|& Sons|Group|Enterprises|Self Help Group".split("|"),
)
"""What the name of an entity is put together from."""
