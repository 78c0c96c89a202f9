// Reads the schema when the store opens, and writes its changes down.

import CQLProtocol
import CRocksDB
import MillraceBase

/// What the `meta` family says about the whole store.
struct StoreRecord {
    var hostID: CQLUUID
    var clusterName: String
    var schemaVersion: CQLUUID
    var nextStorageID: UInt32
}

enum SchemaLoader {
    /// Reads everything, or begins a new store.
    static func load(
        _ database: Database, path: String, clusterName: String
    ) throws(CQLStoreError) -> (record: StoreRecord, schema: Schema) {
        do {
            let documents = try database.metaDocuments()
            let store = documents[SchemaStorage.storeKey]
            let found = store?["format"]?.int ?? SchemaStorage.format
            guard found <= SchemaStorage.format else {
                throw CQLStoreError.formatTooNew(
                    path: path, found: found, known: SchemaStorage.format)
            }
            var keyspaces: [String: Keyspace] = [:]
            for keyspace in try SystemSchema.keyspaces() { keyspaces[keyspace.name] = keyspace }
            for (key, document) in documents where key.starts(with: Array("keyspace/".utf8)) {
                var keyspace = try SchemaStorage.keyspace(document)
                // Of the system's own only what ALTER KEYSPACE has changed is written down.
                if var own = keyspaces[keyspace.name], own.isSystem {
                    own.replication = keyspace.replication
                    own.durableWrites = keyspace.durableWrites
                    keyspace = own
                }
                keyspaces[keyspace.name] = keyspace
            }
            for (key, document) in documents where key.starts(with: Array("table/".utf8)) {
                guard let name = document["keyspace"]?.string, var keyspace = keyspaces[name] else {
                    throw StatementError.server("the stored schema has a table without keyspace")
                }
                let table = try SchemaStorage.table(document, keyspace)
                keyspace.tables[table.name] = table
                keyspaces[name] = keyspace
            }
            let record = StoreRecord(
                hostID: uuid(store?["host_id"]) ?? .random(),
                clusterName: store?["cluster_name"]?.string ?? clusterName,
                schemaVersion: uuid(store?["schema_version"]) ?? .random(),
                nextStorageID: store?["next_storage"]?.int.flatMap { UInt32(exactly: $0) } ?? 1)
            if store == nil { try begin(record, database) }
            return (record, Schema(version: record.schemaVersion, keyspaces: keyspaces))
        } catch let error as CQLStoreError {
            throw error
        } catch let error as StatementError {
            throw .storage(path: path, because: error.message)
        } catch {
            throw .storage(path: path, because: "\(error)")
        }
    }

    private static func uuid(_ value: JSONValue?) -> CQLUUID? {
        value?.string.flatMap { CQLUUID($0) }
    }

    private static func begin(
        _ record: StoreRecord, _ database: Database
    ) throws(StorageFailure) {
        var batch = try database.read { WriteBatch($0) }
        batch.putMeta(SchemaStorage.storeKey, document(record).bytes)
        try database.write(batch, synced: true)
    }

    private static func document(_ record: StoreRecord) -> JSONValue {
        [
            "format": .number(String(SchemaStorage.format)),
            "host_id": .string(record.hostID.description),
            "cluster_name": .string(record.clusterName),
            "schema_version": .string(record.schemaVersion.description),
            "next_storage": .number(String(record.nextStorageID)),
        ]
    }

    /// Adds a change to a batch: documents, the store's record, and the removal of dropped rows.
    static func save(
        _ edit: SchemaEdit, _ record: StoreRecord, to batch: inout WriteBatch
    ) {
        for name in edit.savedKeyspaces {
            guard let keyspace = edit.schema.keyspaces[name] else { continue }
            batch.putMeta(
                SchemaStorage.key(ofKeyspace: name), SchemaStorage.document(keyspace).bytes)
        }
        for name in edit.savedTables {
            guard let table = edit.schema.keyspaces[name.keyspace ?? ""]?.tables[name.name] else {
                continue
            }
            batch.putMeta(SchemaStorage.key(of: name), SchemaStorage.document(table).bytes)
        }
        for name in edit.removedKeyspaces {
            batch.deleteMeta(SchemaStorage.key(ofKeyspace: name))
        }
        for name in edit.removedTables { batch.deleteMeta(SchemaStorage.key(of: name)) }
        for storage in edit.droppedStorage {
            batch.dropTable(storage)
            batch.deleteMeta(SchemaStorage.key(ofProgress: storage))
        }
        batch.putMeta(SchemaStorage.storeKey, document(record).bytes)
    }
}

extension Database {
    /// Everything in the `meta` family.
    func metaDocuments() throws(StorageFailure) -> [[UInt8]: JSONValue] {
        try read { handles throws(StorageFailure) in
            guard
                let iterator = rocksdb_create_iterator_cf(
                    handles.database, handles.reading, handles.meta)
            else { throw StorageFailure(description: "RocksDB gave no iterator") }
            defer { rocksdb_iter_destroy(iterator) }
            var documents: [[UInt8]: JSONValue] = [:]
            rocksdb_iter_seek_to_first(iterator)
            while rocksdb_iter_valid(iterator) != 0 {
                var (keyCount, valueCount) = (0, 0)
                let key = UnsafeRawBufferPointer(
                    start: rocksdb_iter_key(iterator, &keyCount), count: keyCount)
                let value = UnsafeRawBufferPointer(
                    start: rocksdb_iter_value(iterator, &valueCount), count: valueCount)
                do {
                    documents[Array(key)] = try JSONValue(parsing: value)
                } catch {
                    throw StorageFailure(description: "the stored schema is damaged: \(error)")
                }
                rocksdb_iter_next(iterator)
            }
            var error: UnsafeMutablePointer<CChar>?
            rocksdb_iter_get_error(iterator, &error)
            try Self.check(&error)
            return documents
        }
    }
}
