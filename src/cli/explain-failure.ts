/** What a person reads when a command fails: the sentence; the stack only on request, it is for developers. */
export function explainFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return process.env['TURNPIKE_TRACE'] ? (error.stack ?? error.message) : error.message
}
