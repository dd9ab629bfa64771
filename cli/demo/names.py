"""What invented people are called, and where they live."""

from typing import Final

GIVEN_NAMES: Final = (
    *("Ada", "Aisha", "Amara", "Ana", "Anna", "Astrid", "Beatriz", "Camille", "Carla", "Chloe", "Clara", "Daria"),
    *("Elena", "Emma", "Fatima", "Freya", "Grace", "Hana", "Helen", "Ines", "Irene", "Isla", "Jana", "Julia"),
    *("Karin", "Laura", "Leila", "Lena", "Lucia", "Maria", "Maya", "Mei", "Nadia", "Nora", "Olga", "Priya"),
    *("Rosa", "Sara", "Sofia", "Yuki", "Aaron", "Adam", "Ahmed", "Alan", "Bruno", "Carlos", "Chen", "Daniel"),
    *("David", "Diego", "Emil", "Erik", "Felix", "Finn", "Gabriel", "George", "Hugo", "Ivan", "Jakob", "James"),
    *("Jonas", "Jorge", "Karl", "Kenji", "Leo", "Liam", "Lucas", "Marco", "Mateo", "Milan", "Noah", "Omar"),
    *("Oscar", "Pavel", "Peter", "Rafael", "Samuel", "Thomas", "Tomas", "Victor"),
)
SURNAMES: Final = (
    *("Abbott", "Almeida", "Andersen", "Bailey", "Baker", "Bauer", "Becker", "Bennett", "Berg", "Bianchi", "Brown"),
    *("Carter", "Castro", "Chapman", "Clark", "Conti", "Costa", "Dahl", "Diaz", "Dubois", "Eriksen", "Evans"),
    *("Ferrari", "Fischer", "Foster", "Fournier", "Garcia", "Graham", "Green", "Haas", "Hansen", "Harris", "Hayashi"),
    *("Hughes", "Ito", "Jansen", "Johansson", "Jones", "Kaya", "Keller", "Khan", "Kim", "Kowalski", "Kumar", "Lang"),
    *("Larsen", "Laurent", "Lee", "Lopez", "Marino", "Martin", "Mbeki", "Meyer", "Moreau", "Morris", "Moser"),
    *("Murphy", "Nakamura", "Nguyen", "Nilsen", "Novak", "Okafor", "Olsen", "Palmer", "Park", "Patel", "Pereira"),
    *("Petrov", "Reid", "Ricci", "Roberts", "Romero", "Rossi", "Sato", "Schmidt", "Silva", "Singh", "Smith"),
    *("Suzuki", "Tanaka", "Taylor", "Vargas", "Vega", "Wagner", "Walker", "Watson", "Weber", "White", "Wong"),
    *("Wright", "Yilmaz", "Young", "Zhang", "Zimmermann"),
)
STREETS: Final = (
    *("Birch Lane", "Bridge Street", "Canal Road", "Cedar Avenue", "Chapel Hill", "Church Street", "Elm Street"),
    *("Forest Drive", "Garden Row", "Harbour Way", "High Street", "Hill Road", "King Street", "Lake View"),
    *("Linden Avenue", "Maple Street", "Market Square", "Meadow Lane", "Mill Road", "Oak Avenue", "Orchard Close"),
    *("Park Lane", "Queen Street", "River Walk", "School Lane", "Station Road", "Sunset Drive", "Victoria Road"),
)
CITIES: Final = (
    *("Ashford", "Brookfield", "Clayton", "Dalton", "Eastwood", "Fairview", "Georgetown", "Hillsboro", "Kingsport"),
    *("Lakewood", "Milford", "Newport", "Oakdale", "Plainview", "Riverside", "Springdale", "Westfield", "Winslow"),
)
#: Reserved for examples: no letter ever reaches anybody.
MAIL_DOMAINS: Final = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")
AREA_CODES: Final = (
    *(201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231),
    *(234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302, 303, 304, 305, 307),
    *(308, 309, 310, 312, 313, 314),
)
