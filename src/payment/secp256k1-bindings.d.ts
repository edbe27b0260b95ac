/** The native half of npm's secp256k1, which ships no types for it; the package's index falls back to slow JavaScript. */
declare module 'secp256k1/bindings.js' {
  import type * as secp256k1 from 'secp256k1'
  const bindings: typeof secp256k1
  export default bindings
}
