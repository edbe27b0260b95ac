/** The child's side of start-child: answers each question, says that it is ready, and ends when its parent is gone. */
export function answerQuestions({
  ready,
  answer,
}: {
  ready: unknown
  answer: (kind: string, value: unknown) => Promise<unknown>
}): void {
  process.on('disconnect', () => process.exit(0))
  process.on('message', ({ id, kind, value }: { id: number; kind: string; value: unknown }) => {
    answer(kind, value).then(
      (result) => process.send?.({ id, result }),
      (error: unknown) =>
        process.send?.({
          id,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
    )
  })
  process.send?.({ ready })
}
