import { LIMITS } from '../lib/limits.ts'

/** A `fetch` for RPCs: an answer that is larger than any of ours is cut, which makes it unusable, before it fills the memory. */
export const limitedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  if (!response.body) return response
  let left: number = LIMITS.rpcAnswerBytes
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      left -= chunk.byteLength
      if (left < 0) controller.error(new Error('The answer of the RPC is too large.'))
      else controller.enqueue(chunk)
    },
  })
  return new Response(response.body.pipeThrough(limit), response)
}
