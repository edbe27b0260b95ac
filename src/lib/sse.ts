/** One dispatched event of a stream (WHATWG HTML, "server-sent events"). */
export type SseEvent = {
  /** The `event` field; `message` where the stream names none. */
  readonly type: string
  /** The `data` lines, joined by line feeds. */
  readonly data: string
}

export type SseDecoder = {
  /** The events that this chunk completes. Throws a RangeError beyond `maxLineBytes`. */
  readonly push: (chunk: Uint8Array) => SseEvent[]
  /** The event that the end of the stream completes: senders often leave out the last blank line. */
  readonly end: () => SseEvent[]
}

const LF = 10
const CR = 13
const COLON = 58
const SPACE = 32
const NOTHING = Buffer.alloc(0)
const DATA = Buffer.from('data')
const EVENT = Buffer.from('event')
const BOM = Buffer.from('\ufeff')

/** Compares byte by byte: lines are many, and a name as a string would cost more than the rest of the line. */
function startsWith(bytes: Buffer, from: number, prefix: Buffer): boolean {
  for (let index = 0; index < prefix.length; index += 1) {
    if (bytes[from + index] !== prefix[index]) return false
  }
  return true
}

/**
 * Reads server-sent events from chunks that may be cut anywhere, in the middle of a character too: lines are found in
 * bytes and only whole lines become text. Comments, `id` and `retry` are dropped.
 *
 * @param maxLineBytes limit of one line and of all data of one event together, so that a stream without an end cannot
 * fill the memory.
 */
export function createSseDecoder({ maxLineBytes }: { maxLineBytes: number }): SseDecoder {
  let rest: Buffer[] = []
  let restBytes = 0
  let skipLf = false
  let isFirstLine = true
  let type = ''
  let data: string[] = []
  let dataBytes = 0

  const refuse = () => {
    throw new RangeError(`an event of the stream is larger than ${maxLineBytes} bytes`)
  }

  const takeField = (bytes: Buffer, from: number, to: number, events: SseEvent[]) => {
    if (from === to) {
      if (data.length > 0) {
        events.push({ type: type || 'message', data: data.length === 1 ? (data[0] ?? '') : data.join('\n') })
      }
      type = ''
      data = []
      dataBytes = 0
      return
    }
    const isData = startsWith(bytes, from, DATA)
    if (!isData && !startsWith(bytes, from, EVENT)) return
    const nameEnd = from + (isData ? DATA.length : EVENT.length)
    if (nameEnd < to && bytes[nameEnd] !== COLON) return
    const valueStart = Math.min(nameEnd + (bytes[nameEnd + 1] === SPACE ? 2 : 1), to)
    const value = bytes.toString('utf8', valueStart, to)
    if (!isData) type = value
    else {
      dataBytes += to - valueStart
      if (dataBytes > maxLineBytes) refuse()
      data.push(value)
    }
  }

  const takeLine = (chunk: Buffer, from: number, to: number, events: SseEvent[]) => {
    if (restBytes + to - from > maxLineBytes) refuse()
    let line = chunk
    let start = from
    let end = to
    if (rest.length > 0) {
      line = Buffer.concat([...rest, chunk.subarray(from, to)])
      start = 0
      end = line.length
      rest = []
      restBytes = 0
    }
    if (isFirstLine) {
      isFirstLine = false
      if (end - start >= BOM.length && startsWith(line, start, BOM)) start += BOM.length
    }
    takeField(line, start, end, events)
  }

  const keep = (piece: Buffer) => {
    restBytes += piece.length
    if (restBytes > maxLineBytes) refuse()
    // A copy: the chunk's memory belongs to the socket and may be large.
    rest.push(Buffer.from(piece))
  }

  const push = (bytes: Uint8Array): SseEvent[] => {
    const events: SseEvent[] = []
    const chunk = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let start = 0
    if (skipLf && chunk.length > 0) {
      if (chunk[0] === LF) start = 1
      skipLf = false
    }
    let lf = chunk.indexOf(LF, start)
    let cr = chunk.indexOf(CR, start)
    while (lf !== -1 || cr !== -1) {
      const end = cr === -1 || (lf !== -1 && lf < cr) ? lf : cr
      takeLine(chunk, start, end, events)
      start = end + 1
      if (end === cr) {
        if (start === chunk.length) skipLf = true
        else if (chunk[start] === LF) start += 1
        cr = chunk.indexOf(CR, start)
      }
      if (lf !== -1 && lf < start) lf = chunk.indexOf(LF, start)
    }
    if (start < chunk.length) keep(chunk.subarray(start))
    return events
  }

  const end = (): SseEvent[] => {
    const events: SseEvent[] = []
    if (restBytes > 0) takeLine(NOTHING, 0, 0, events)
    takeField(NOTHING, 0, 0, events)
    return events
  }

  return { push, end }
}

/**
 * Frames one event of ours. The JSON must stand on one line: a line break in it would be read as the end of the event.
 *
 * @param name the `event` field, for dialects whose readers look at it.
 * @throws RangeError for a line break.
 * @example frameEvent('{"a":1}') // 'data: {"a":1}\n\n'
 */
export function frameEvent(json: string, name?: string): string {
  if (json.includes('\n') || json.includes('\r')) throw new RangeError('an event must stand on one line')
  return name === undefined ? `data: ${json}\n\n` : `event: ${name}\ndata: ${json}\n\n`
}
