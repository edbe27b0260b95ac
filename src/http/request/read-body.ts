import type { IncomingMessage } from 'node:http'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'

const NOTHING = Buffer.alloc(0)

/**
 * Collects a request's body as it came. No body parser: the bytes are hashed once and parsed once, by those who need them.
 *
 * @param limitBytes where less is enough than a call may have.
 * @throws body_too_large as soon as the limit is passed, unsupported_content_encoding.
 */
export function readBody(
  request: IncomingMessage,
  { limitBytes = LIMITS.bodyBytes }: { limitBytes?: number } = {},
): Promise<Buffer> {
  const tooLarge = () =>
    new TurnpikeError(
      'body_too_large',
      limitBytes === LIMITS.bodyBytes
        ? {}
        : { message: `The request body is larger than ${limitBytes / 1_024} KiB.` },
    )
  const { headers } = request
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    return Promise.reject(new TurnpikeError('unsupported_content_encoding'))
  }
  if (Number(headers['content-length'] ?? 0) > limitBytes) {
    return Promise.reject(tooLarge())
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > limitBytes) {
        request.removeAllListeners('data')
        request.resume()
        reject(tooLarge())
        return
      }
      chunks.push(chunk)
    })
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks)))
    request.on('error', () =>
      reject(new TurnpikeError('invalid_json', { message: 'The request body broke off.' })),
    )
  })
}
