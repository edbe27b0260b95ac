import type { IncomingMessage, ServerResponse } from 'node:http'

const MAX_BODY_BYTES = 16 * 1024 * 1024

/** @returns undefined for a body that is larger than any that a provider takes. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

export function sendJson({
  response,
  status = 200,
  json,
  headers = {},
}: {
  response: ServerResponse
  status?: number
  json: string
  headers?: Readonly<Record<string, string>>
}): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    ...headers,
  })
  response.end(json)
}
