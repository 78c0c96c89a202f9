// The program: the built-in pipelines, handed to Millrace as any user would hand theirs.

import Millrace
import MillracePipelines

@main
enum Entry {
    static func main() async {
        await Millrace.main(pipelines: [UsersCreated()])
    }
}
