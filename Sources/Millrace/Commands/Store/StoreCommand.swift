// `millrace store`: tables to and from files, the store's own figures.

import ArgumentParser

struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Export and import tables; look after the store.",
        subcommands: [Stats.self, Compact.self, Export.self, Import.self])
}
