// The 21 nationalities of API 1.4, in its order: the place in this list is what a seed carries.

extension Nationality {
    static let all: [Nationality] = west + middle + east

    private static let englishStreets =
        "Church Street|Mill Lane|Station Road|O'Connell Street|High Street|Park Avenue|Queensway"
        + "|Victoria Road|King Street|Elm Street|Bridge Road|Hickory Creek Dr"

    private static let west = [
        Nationality(
            "AU", "Australia", .english, streets: englishStreets,
            cities: "Perth|Hobart|Geelong|Cairns|Dubbo|Bendigo|Wollongong|Mackay",
            states:
                "Western Australia|Tasmania|Victoria|Queensland|New South Wales|South Australia",
            postCode: .number(200...9_999), phone: "0#-####-####", cell: "04##-###-###", id: "TFN",
            idPatterns: "#########"),
        Nationality(
            "BR", "Brazil", .portuguese,
            streets:
                "Rua Principal|Rua Espirito Santo |Avenida Brasil |Rua das Flores|Travessa da Paz",
            cities: "Itapipoca|Olinda|Maringá|São José|Jequié|Camaçari|Águas Lindas|Ipatinga",
            states: "Alagoas|Paraná|São Paulo|Goiás|Ceará|Amapá|Espírito Santo|Bahia",
            postCode: .number(10_000...99_999), phone: "(##) ####-####", cell: "(##) ####-####",
            id: "CPF", idPatterns: "###.###.###-##"),
        Nationality(
            "CA", "Canada", .english, streets: "Maple Ave|Lake of Bays Road|Dufferin St|20th Ave",
            cities: "Waterloo|Hampton|Kingston|Trout Lake|Fauquier|Selkirk|Minto",
            states: "Ontario|Québec|Alberta|Manitoba|Nunavut|Yukon|British Columbia",
            postCode: .text("@#@ #@#"), phone: "@##-@##-####", cell: "@##-@##-####", id: "SIN",
            idPatterns: "#########"),
        Nationality(
            "CH", "Switzerland", .french,
            streets: "Rue de L'Abbé-Roger-Derry|Avenue du Château|Place du 8 Mai|Rue des Écoles",
            cities: "Aclens|Onex|Zürich|Vétroz|Köniz|Sâles|Rüschlikon|Genève",
            states: "Bern|Valais|Genève|Graubünden|Ticino|Neuchâtel|Zürich",
            postCode: .number(1_000...9_999), phone: "07# ### ## ##", cell: "07# ### ## ##",
            id: "AVS", idPatterns: "756.####.####.##", titles: .french),
        Nationality(
            "DE", "Germany", .german,
            streets: "Bahnhofstraße|Lindenweg|Am Mühlbach|Goethestraße|Schulstraße|Birkenweg",
            cities: "Gera|Köln|Görlitz|Lübeck|Füssen|Ansbach|Wülfrath|Stade",
            states: "Bayern|Hessen|Thüringen|Baden-Württemberg|Sachsen|Niedersachsen|Saarland",
            postCode: .number(10_000...99_999), phone: "0###-#######", cell: "017#-#######",
            id: "SVNR", idPatterns: "## ###### @ ###"),
        Nationality(
            "DK", "Denmark", .danish,
            streets: "Hadsundvej|Skovbrynet|Åparken|Egelunden|Kløvermarken|Strandvejen",
            cities: "Esbjerg V|Aarhus|Ølstykke|Hjørring|Køge|Rødovre|Juelsminde",
            states: "Midtjylland|Syddanmark|Nordjylland|Sjælland|Hovedstaden",
            postCode: .number(10_000...99_999), phone: "########", cell: "########", id: "CPR",
            idPatterns: "######-####"),
        Nationality(
            "ES", "Spain", .spanish,
            streets:
                "Calle de Alcalá|Calle Mota|Avenida de Salamanca|Paseo de Extremadura|Ronda Sur",
            cities: "Málaga|Gijón|Cádiz|Lorca|Mérida|Elche|Ávila|Logroño",
            states:
                "Andalucía|Asturias|Región de Murcia|Cataluña|País Vasco|Aragón|Castilla y León",
            postCode: .number(10_000...99_999), phone: "9##-###-###", cell: "6##-###-###",
            id: "DNI",
            idPatterns: "########-@"),
    ]

    private static let middle = [
        Nationality(
            "FI", "Finland", .finnish,
            streets: "Mannerheimintie|Hämeenkatu|Rautatienkatu|Itsenäisyydenkatu|Pyynikintie",
            cities: "Jämsä|Kuopio|Köyliö|Sääksmäki|Oulu|Rääkkylä|Pirkkala",
            states: "Uusimaa|Lapland|Kainuu|Päijät-Häme|Satakunta|Åland",
            postCode: .number(10_000...99_999), phone: "0#-###-###", cell: "04#-###-##-##",
            id: "HETU", idPatterns: "NaNNA###undefined|######-###@"),
        Nationality(
            "FR", "France", .french,
            streets: "Rue de la Mairie|Avenue Jean-Jaurès|Rue de L'Église|Quai Charles-De-Gaulle",
            cities: "Nîmes|Besançon|Orléans|Saint-Étienne|Créteil|Dijon|Pau|Angers",
            states: "Hérault|Côte-d'Or|Var|Gironde|Isère|Bas-Rhin|Puy-de-Dôme",
            postCode: .number(10_000...99_999), phone: "0#-##-##-##-##", cell: "06-##-##-##-##",
            id: "INSEE", idPatterns: "1NNaN######## ##|2NNaN######## ##"),
        Nationality(
            "GB", "United Kingdom", .english, streets: englishStreets,
            cities: "Leeds|Truro|St Albans|Newport|Exeter|Dundee|Lisburn|Wells",
            states: "Kent|Tyne and Wear|County Down|Gwynedd|Devon|Rutland|Fife",
            postCode: .text("@# #@@"), phone: "01### ######", cell: "07### ######", id: "NINO",
            idPatterns: "@@ ## ## ## @"),
        Nationality(
            "IE", "Ireland", .irish, streets: englishStreets,
            cities: "Galway|Ennis|Tralee|Navan|Sligo|Clonmel|Bray|Cobh",
            states: "Cork|Mayo|Kerry|Dublin City|Offaly|Wicklow|Donegal",
            postCode: .number(10_000...99_999), phone: "0##-###-####", cell: "081-###-####",
            id: "PPS", idPatterns: "#######T@"),
        Nationality(
            "IN", "India", .indian,
            streets: "MG Road|Linking Rd|Bannerghatta Rd|Naupada|Vidhana Veedhi",
            cities: "Surat|Mysore|Kochi|Nanded|Asansol|Bijapur|Loni",
            states: "Kerala|Gujarat|Assam|Karnataka|Punjab|Tamil Nadu|Odisha",
            postCode: .number(10_000...99_999), phone: "9#########", cell: "8#########",
            id: "UIDAI", idPatterns: "############"),
        Nationality(
            "IR", "Iran", .persian, streets: "جمهوری|آزادی|شهید بهشتی|میدان انقلاب|کمیل",
            cities: "تبریز|یزد|کرمان|اراک|همدان|شیراز|قم",
            states: "فارس|گیلان|البرز|خوزستان|مازندران|تهران",
            postCode: .number(10_000...99_999), phone: "0##-########", cell: "09##-###-####"),
        Nationality(
            "MX", "Mexico", .spanish,
            streets: "Calle Jalisco|Avenida Sur Cuba|Pasaje Norte Nieves|Corredor Urbina",
            cities: "Mérida|Boca de Ovejas|Monte Azul|El Carmen|Valle Nuevo|San José",
            states: "Oaxaca|Yucatán|Michoacán de Ocampo|Nuevo León|Chiapas|Querétaro",
            postCode: .number(10_000...99_999), phone: "(###) ### ####", cell: "(###) ### ####",
            id: "NSS", idPatterns: "## ## ## #### #"),
    ]

    private static let east = [
        Nationality(
            "NL", "Netherlands", .dutch,
            streets: "Dorpsstraat|Molenweg|Prinses Beatrixlaan|'t Zand|Kerkstraat|Beemdstraat",
            cities: "Zwolle|'s-Gravenmoer|Assen|Baarn|Hoorn|Goes|Weesp",
            states: "Utrecht|Noord-Brabant|Zeeland|Friesland|Drenthe|Gelderland",
            postCode: .text("#### @@"), phone: "(0##) #######", cell: "(06) ########", id: "BSN",
            idPatterns: "########"),
        Nationality(
            "NO", "Norway", .norwegian,
            streets: "Åsgårdstrand vei|Bølerskogen|Kjølberggata|Underhaugsveien|Fjellstuveien",
            cities: "Tromsø|Røros|Vågå|Hønefoss|Bodø|Ålesund|Sandnes",
            states: "Vestland|Innlandet|Troms og Finnmark - Romsa ja Finnmárku|Rogaland|Nordland",
            postCode: .text("####"), phone: "########", cell: "9#######", id: "FN",
            idPatterns: "###########"),
        Nationality(
            "NZ", "New Zealand", .english, streets: englishStreets,
            cities: "Napier|Whangarei|Nelson|Tauranga|Timaru|Porirua",
            states: "Otago|Waikato|Southland|Bay of Plenty|Taranaki",
            postCode: .number(10_000...99_999), phone: "(###)-###-####", cell: "(###)-###-####"),
        Nationality(
            "RS", "Serbia", .serbian,
            streets: "Kneza Miloša|Vučitrnska|Gradski Park|Stevana Sremca",
            cities: "Niš|Čačak|Kruševac|Užice|Šabac|Kikinda",
            states: "Šumadija|Bor|Zlatibor|Južna Bačka|Pirot|Kosovska Mitrovica",
            postCode: .number(10_000...99_999), phone: "0##-####-###", cell: "06#-####-###",
            id: "SID", idPatterns: "#########"),
        Nationality(
            "TR", "Turkey", .turkish,
            streets: "Bağdat Cd|Atatürk Sk|Şehitler Cd|Filistin Cd|Talak Göktepe Cd",
            cities: "İzmir|Muş|Bingöl|Çorum|Kırşehir|Ağrı|Van",
            states: "Ankara|Iğdır|Elazığ|Gümüşhane|Niğde|Uşak",
            postCode: .number(10_000...99_999), phone: "(###)-###-####", cell: "(###)-###-####"),
        Nationality(
            "UA", "Ukraine", .ukrainian,
            streets: "Bogdana Hmelnickogo|Vulicya Shevchenka|Kotlyarevskogo|Provulok Sadoviy",
            cities: "Zbarazh|Horol|Kaniv|Rivne|Uman|Lebedin",
            states: "Poltavska|Volinska|Cherkaska|Odeska|Sumska|Hersonska",
            postCode: .number(10_000...99_999), phone: "(0##) @##-####", cell: "(09#) @##-####"),
        Nationality(
            "US", "United States", .english, streets: englishStreets,
            cities: "Fargo|Reno|Salem|Boise|Tulsa|El Paso|St. Petersburg|Sunnyvale",
            states: "Ohio|Utah|Idaho|North Dakota|Nevada|West Virginia|Oregon|Texas",
            postCode: .number(10_000...99_999), phone: "(###) ###-####", cell: "(###) ###-####",
            id: "SSN", idPatterns: "###-##-####"),
    ]
}
