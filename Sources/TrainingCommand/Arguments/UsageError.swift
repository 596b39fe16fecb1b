/// Input that the command cannot work with: one line for standard error, and how the command ends.
struct UsageError: Error, CustomStringConvertible, Equatable {
  let description: String
  let status: ExitStatus

  init(_ description: String, _ status: ExitStatus = .usage) {
    (self.description, self.status) = (description, status)
  }
}
