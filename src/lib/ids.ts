/**
 * A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then randomness, so that an index over it stays local.
 *
 * @param nowMs milliseconds since 1970.
 * @param random exactly 10 bytes of randomness.
 */
export function uuidV7({ nowMs, random }: { nowMs: number; random: Uint8Array }): string {
  const bytes = new Uint8Array(16)
  let time = nowMs
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = time % 256
    time = Math.floor(time / 256)
  }
  bytes.set(random.subarray(0, 10), 6)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const isUuid = (text: string) => UUID.test(text)

const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * The id of a call: `call_`, then in Crockford's base32 48 bits of milliseconds, so that the index over it stays local and
 * ids sort by time, and 128 random bits, which make it a capability: its holder may see the call's state.
 *
 * @param random exactly 16 bytes of randomness.
 */
export function newCallId({ nowMs, random }: { nowMs: number; random: Uint8Array }): string {
  let value = BigInt(nowMs)
  for (const byte of random.subarray(0, 16)) value = (value << 8n) | BigInt(byte)
  let text = ''
  for (let index = 0; index < 36; index += 1) {
    text = (BASE32[Number(value & 31n)] ?? '') + text
    value >>= 5n
  }
  return `call_${text}`
}
