/** Runs calls one after another: two passes at once would find the same rows due. */
export function oneAtATime<Argument, Result>(run: (argument: Argument) => Promise<Result>) {
  let last: Promise<unknown> = Promise.resolve()
  return (argument: Argument): Promise<Result> => {
    const next = last.then(() => run(argument))
    last = next.catch(() => undefined)
    return next
  }
}
