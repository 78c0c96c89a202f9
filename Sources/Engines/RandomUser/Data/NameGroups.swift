// Names of people, in a dozen groups. Our own short lists, no copy of the API's.

extension NameGroup {
    static let english = NameGroup(
        men: "James|Oliver|Harry|Noah|Liam|Ethan|Lucas|Mason|Logan|Jacob|Samuel|Arthur|Henry|Leo",
        women: "Emma|Olivia|Ava|Sophie|Grace|Chloe|Lily|Ella|Zoe|Hannah|Amelia|Ruby|Nora|Alice",
        lasts: "Smith|Taylor|Walker|Hughes|Carter|Bennett|Wright|Morgan|Reed|Cooper|Foster|Hayes"
            + "|Turner|Bishop|Palmer|Webb|Lawson|Grant|Harper|Ellis")

    static let irish = NameGroup(
        men: "Seán|Conor|Cian|Patrick|Declan|Ronan|Eoin|Finn|Brendan|Darragh",
        women: "Aoife|Ciara|Niamh|Saoirse|Maeve|Orla|Sinéad|Róisín|Caoimhe|Eimear",
        lasts: "O'Brien|Murphy|Kelly|Byrne|O'Connor|Walsh|Doyle|Nolan|Kavanagh|Quinn|Daly|Burke")

    static let french = NameGroup(
        men: "Louis|Hugo|Théo|Mathéo|Gaël|Élie|Antoine|Rémi|Noé|Léon|Maël|Lucas",
        women: "Léa|Chloé|Manon|Inès|Zoé|Élise|Louane|Capucine|Océane|Margot|Anaïs|Jade",
        lasts: "Moulin|Girard|Lefèvre|Roux|Fournier|Blanc|Guérin|Perrin|Lemaître|Dupont|Renaud"
            + "|Gautier|Chevalier|Barbier")

    static let german = NameGroup(
        men: "Jürgen|Lukas|Felix|Jonas|Björn|Karl-Heinz|Matthias|Götz|Stefan|Anton|Emil|Lennart",
        women: "Annegret|Greta|Käthe|Lina|Mia|Sieglinde|Frieda|Heike|Nele|Jördis|Ute|Marlene",
        lasts: "Müller|Schäfer|Weiß|Krüger|Böhm|Vogel|Günther|Brandt|Zimmermann|Köhler|Franke"
            + "|Lorenz|Seidel|Kuhn")

    static let spanish = NameGroup(
        men: "Álvaro|Iván|Hugo|Rubén|Sergio|Adrián|Joaquín|Óscar|Mateo|Gonzalo|Andrés|Raúl",
        women: "Lucía|Sofía|Carmen|Inés|Rocío|Begoña|Nuria|Pilar|Ángela|Marina|Noelia|Rosa",
        lasts: "García|Núñez|Muñoz|Ibáñez|Romero|Vega|Cano|Peña|Ortega|Gil|Márquez|Santos|Rojas"
            + "|Castro")

    static let portuguese = NameGroup(
        men: "João|Caio|Nabor|Tomé|Vitório|Gonçalo|Davi|Otávio|Heitor|Luan|Breno|Ítalo",
        women: "Conceição|Lívia|Júlia|Iara|Beatriz|Letícia|Flávia|Aurora|Inês|Mirela|Débora|Graça",
        lasts: "Moraes|Conceição|Araújo|Gonçalves|da Rosa|Farias|Monteiro|Barros|Porto|Teixeira"
            + "|Nascimento|Melo")

    static let dutch = NameGroup(
        men: "Daan|Sem|Bram|Thijs|Ruben|Joris|Niels|Koen|Maarten|Wouter",
        women: "Sanne|Lotte|Fleur|Eva|Anouk|Femke|Maud|Roos|Noor|Tess",
        lasts: "de Vries|van Dijk|Bakker|Visser|Meijer|Mulder|de Boer|Bos|Vos|Peters|van Leeuwen")

    static let danish = NameGroup(
        men: "Søren|Mikkel|Lærke|Frederik|Magnus|Jørgen|Villads|Anton|Oskar|Emil",
        women: "Freja|Ida|Mathilde|Sofie|Clara|Signe|Astrid|Nanna|Liva|Karla",
        lasts: "Andersen|Sørensen|Møller|Jørgensen|Poulsen|Kristensen|Thomsen|Rasmussen|Olsen")

    static let norwegian = NameGroup(
        men: "Håkon|Lars|Øyvind|Sindre|Eirik|Trygve|Olav|Sverre|Kåre|Jonas",
        women: "Ingrid|Solveig|Åse|Marit|Ragnhild|Sunniva|Thea|Hedda|Live|Tiril",
        lasts: "Hansen|Øverland|Bakke|Haugen|Strøm|Lie|Moen|Solberg|Dahl|Berge|Nygård")

    static let finnish = NameGroup(
        men: "Eetu|Väinö|Onni|Aleksi|Leevi|Niilo|Arttu|Topias|Eemil|Joona",
        women: "Aino|Helmi|Iida|Siiri|Venla|Minttu|Säde|Enni|Kerttu|Peppi",
        lasts: "Virtanen|Mäkelä|Heikkilä|Niemi|Hämäläinen|Koskela|Laine|Salo|Lehto|Pöyry")

    static let turkish = NameGroup(
        men: "Ömer|Barış|Çağan|Emre|Kerem|Oğuz|Tuğra|Yağız|Mert|Deniz",
        women: "Ayşe|Elif|Zeynep|Gül|Ceren|İpek=ipek|Nağme|Şule|Ece|Yağmur",
        lasts: "Yılmaz|Çelik|Şahin|Öztürk|Kılıç|Aydın|Doğan|Kaya|Erkekli|Poyrazoğlu")

    static let persian = NameGroup(
        men:
            "آرین=arian|محمد=mohammad|علی=ali|پارسا=parsa|امیر=amir|سهیل=soheil|رضا=reza|کیان=kian",
        women:
            "سارا=sara|مهسا=mahsa|نازنین=nazanin|الینا=elina|ستایش=setayesh|هستی=hasti"
            + "|یاسمین=yasmin",
        lasts: "حسینی=hosseini|رضایی=rezaei|احمدی=ahmadi|کریمی=karimi|موسوی=moosavi|صادقی=sadeghi"
            + "|یاسمی=yasami|گلشن=golshan")

    static let indian = NameGroup(
        men: "Arjun|Rohan|Ishaan|Vihaan|Dev|Kabir|Nikhil|Pranav|Suresh|Tarun",
        women: "Ananya|Diya|Isha|Kavya|Meera|Nandini|Priya|Riya|Sneha|Tanvi",
        lasts: "Sharma|Patel|Iyer|Gowda|Kamath|Nair|Rao|Shetty|Bose|Chavan|Mathew")

    static let serbian = NameGroup(
        men: "Đorđe|Miloš|Nenad|Veljko|Lazar|Uroš|Siniša|Vuk|Željko|Stefan",
        women: "Jelena|Dragana|Milica|Sofija|Nevena|Anđela|Živana|Tijana|Vesna|Mirjana",
        lasts: "Petrović|Jovanović|Đokić|Kovač|Savić|Lukić|Marković|Stanić|Babić|Šarić")

    static let ukrainian = NameGroup(
        men: "Taras|Bogdan|Yaroslav|Ostap|Vsevolod|Danilo|Gnat|Lev|Nazar|Orest",
        women: "Oksana|Zlata|Solomiya|Yarina|Bozhena|Kvitka|Daryna|Mlada|Nadiya|Olesya",
        lasts: "Shevchenko|Bondarenko|Kovalenko|Melnik|Tkachuk|Savchuk|Rudenko|Lisenko|Petrenko")
}
