import type { PlannedCall } from '../types.ts'

/** Bytes per token of usual text. */
const USUAL_BYTES_PER_TOKEN = 4

/** Tokens that an input is expected to have, given its bound in bytes: near enough to know whether it is a short one or a long one. */
export const expectedInputTokens = ({ inputBoundTokens }: Pick<PlannedCall, 'inputBoundTokens'>): number =>
  Math.ceil(inputBoundTokens / USUAL_BYTES_PER_TOKEN)
