// The write lane's part of filling materialized views: a step at a time.

import CQLProtocol
import MillraceBase

extension LaneWriter {
    /// Copies some rows of the base into the view, and marks the view as built behind the last.
    mutating func run(_ build: ViewBuild) -> ViewStep {
        guard !core.health.isBroken else { return .failed }
        guard let (view, base, keyspace) = core.schema.unbuilt(build),
            let plan = try? ViewPlan(view, base: base, keyspace: keyspace)
        else {
            batch.deleteMeta(SchemaStorage.key(ofProgress: build.view))
            // What is left of it is never read: a disk that fails here is met by the next write.
            try? core.database.write(batch, synced: false)
            batch.clear()
            core.viewBuilds.forget(build)
            return .gone
        }
        defer { batch.clear() }
        var progress = core.viewBuilds.progress(of: build)
        do throws(StorageFailure) {
            let isDone = try executor.copy(
                plan, base, &progress, now: core.context().nowSeconds, to: &batch)
            guard isDone, let edit = SchemaEditor.markBuilt(build, core.schema) else {
                batch.putMeta(
                    SchemaStorage.key(ofProgress: build.view),
                    SchemaStorage.document(progress).bytes)
                // Rows and progress go together, so it does not matter when they are on disk.
                try core.database.write(batch, synced: false)
                core.viewBuilds.note(progress, of: build)
                return .more
            }
            SchemaLoader.save(edit, record, to: &batch)
            batch.deleteMeta(SchemaStorage.key(ofProgress: build.view))
            try core.database.write(batch, synced: true)
            core.publish(edit.schema)
            core.viewBuilds.forget(build)
            return .done
        } catch {
            fail(error)
            return .failed
        }
    }
}

extension SchemaEditor {
    /// The view marked as built; `nil` when it is gone meanwhile.
    static func markBuilt(_ build: ViewBuild, _ schema: Schema) -> SchemaEdit? {
        guard let (view, base, found) = schema.unbuilt(build), var definition = view.view else {
            return nil
        }
        var keyspace = found
        definition.isBuilt = true
        let views = base.views.filter { $0.name != view.name } + [view.changed(view: definition)]
        keyspace.tables[base.name] = base.changed(views: views)
        return SchemaEdit(
            schema: schema.replacing(keyspace, version: schema.version),
            change: SchemaChange(.updated, keyspace: keyspace.name, .table(view.name)),
            savedTables: [CQLName(keyspace: keyspace.name, base.name)], isSilent: true)
    }
}
