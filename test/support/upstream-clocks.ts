import type { UpstreamTimeouts } from '../../src/providers/openai-compatible.ts'

/** For answers that do come: no clock is what is tested, and a busy machine may take its time. */
export const PATIENT: UpstreamTimeouts = {
  connectMs: 20_000,
  firstContentMs: 20_000,
  betweenChunksMs: 20_000,
  answerMs: 20_000,
}
/** For providers that say nothing at all: only the wait for the connection is long, which is not theirs. */
export const HASTY_BEFORE_CONTENT: UpstreamTimeouts = { ...PATIENT, firstContentMs: 300, answerMs: 300 }
/** For providers that fall silent after content: until then as patient as the others. */
export const HASTY_AFTER_CONTENT: UpstreamTimeouts = { ...PATIENT, betweenChunksMs: 400 }
