/** FNV-1a of 32 bits, one UTF-16 code unit a step (Fowler, Noll, Vo): short, and the same in trainer and server. */
export const FNV_OFFSET = 0x811c9dc5

const PRIME = 0x01000193

export const hashStep = (hash: number, unit: number): number => Math.imul(hash ^ unit, PRIME)

/** @returns an unsigned 32-bit number. */
export function hashText(text: string): number {
  let hash = FNV_OFFSET
  for (let at = 0; at < text.length; at += 1) hash = hashStep(hash, text.charCodeAt(at))
  return hash >>> 0
}
