import type { Request, Response } from 'express'
import { PRIVATE, sendJson } from '../answer.ts'
import type { Json } from './route.ts'

/** Whether a list is wanted as a table. */
const wantsCsv = (request: Request): boolean => request.accepts(['json', 'text/csv']) === 'text/csv'

/** What a spreadsheet would take for a formula is led by an apostrophe. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const plain = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

function csvOf(data: readonly Json[]): string {
  const heads = [...new Set(data.flatMap((row) => Object.keys(row)))]
  const lines = data.map((row) => heads.map((head) => cell(row[head])).join(','))
  return [heads.join(','), ...lines].map((line) => `${line}\r\n`).join('')
}

/** A page of a list, as JSON or, by `Accept: text/csv`, as a table. */
export function answerList({
  request,
  response,
  data,
  hasMore,
}: {
  request: Request
  response: Response
  data: readonly Json[]
  hasMore: boolean
}): void {
  response.vary('Accept')
  const [first, last] = [data[0]?.['id'] ?? null, data.at(-1)?.['id'] ?? null]
  if (!wantsCsv(request)) {
    const body = { object: 'list', data, first_id: first, last_id: last, has_more: hasMore }
    sendJson({ response, status: 200, body })
    return
  }
  const text = csvOf(data)
  response.writeHead(200, {
    ...PRIVATE,
    'content-type': 'text/csv; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'x-has-more': String(hasMore),
    ...(typeof last === 'string' ? { 'x-last-id': last } : {}),
  })
  response.end(text)
}
