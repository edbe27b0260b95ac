/** The stream of one call: a first event, then, once it is due, the receipt and the end. `finish` is called once, also by a hang-up. */
export function streamOf({
  index,
  isDue,
  isCut,
  finish,
  comment,
}: {
  index: number
  isDue: Promise<void>
  isCut: boolean
  finish: () => void
  comment: () => string
}): ReadableStream<Uint8Array> {
  const text = new TextEncoder()
  let isOver = false
  const over = () => {
    if (!isOver) finish()
    isOver = true
  }
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(text.encode(`data: {"index":${index}}\n\n`))
      await isDue
      if (isOver) return
      over()
      if (isCut) {
        controller.error(new TypeError('terminated', { cause: { code: 'UND_ERR_SOCKET' } }))
        return
      }
      controller.enqueue(text.encode(`${comment()}data: [DONE]\n\n`))
      controller.close()
    },
    cancel: over,
  })
}
