/** Bytes and texts by web standards alone: this part of the house also runs in browsers. */

const HEX_DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** @returns hex digits without a prefix. */
export const digitsOfBytes = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => HEX_DIGITS[byte] ?? '').join('')

/** 0 to 15 for a hex digit's code, in either case; the caller has checked that it is one. */
const nibble = (code: number) => (code & 15) + (code > 57 ? 9 : 0)

/** The bytes of hex digits without a prefix; whoever calls has checked their form. */
export function bytesOfDigits(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length >> 1)
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = (nibble(digits.charCodeAt(2 * index)) << 4) | nibble(digits.charCodeAt(2 * index + 1))
  }
  return bytes
}

const CHUNK = 8_192

/** Base64 of a text's UTF-8. */
export function base64OfText(text: string): string {
  const bytes = new TextEncoder().encode(text)
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return btoa(binary)
}

/** @throws where the text is not base64 of UTF-8. */
export function textOfBase64(base64: string): string {
  const binary = atob(base64)
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

const urlOf = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
const fromUrl = (base64Url: string): string => base64Url.replaceAll('-', '+').replaceAll('_', '/')

/** Base64url without padding. */
export const base64UrlOfBytes = (bytes: Uint8Array): string => urlOf(btoa(String.fromCharCode(...bytes)))

/** @throws where the text is not base64url. */
export const bytesOfBase64Url = (text: string): Uint8Array =>
  Uint8Array.from(atob(fromUrl(text)), (character) => character.charCodeAt(0))

export const base64UrlOfText = (text: string): string => urlOf(base64OfText(text))

/** @throws where the text is not base64url of UTF-8. */
export const textOfBase64Url = (text: string): string => textOfBase64(fromUrl(text))
