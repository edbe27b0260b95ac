import type { Dialect } from '../catalog/types.ts'

/** Dialects that this server speaks to providers; whoever speaks another is not reachable. */
export const SPOKEN_DIALECTS: readonly Dialect[] = ['openai']
