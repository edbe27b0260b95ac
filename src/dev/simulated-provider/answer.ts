/** A part of an answer, in tokens; those of a call are its arguments, as JSON. */
export type AnswerBlock = { readonly tokens: readonly string[] } & (
  | { readonly kind: 'text' | 'refusal' }
  | { readonly kind: 'thought'; readonly signature: string }
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly index: number }
)

export type AnswerFinish = 'stop' | 'length' | 'calls' | 'refusal'
export type AnswerChoice = { readonly blocks: readonly AnswerBlock[]; readonly finish: AnswerFinish }

/** Totals and the parts of them: faces say them as one or as the other. */
export type AnswerUsage = {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  readonly reasoning: number
}

/** A whole answer, decided before its first byte is sent, in nobody's dialect. */
export type SimulatedAnswer = {
  readonly id: string
  readonly model: string
  /** Seconds since 1970. */
  readonly createdAt: number
  readonly choices: readonly AnswerChoice[]
  /** Absent where the provider keeps it to itself. */
  readonly usage?: AnswerUsage
}

/** One token in its place. */
export type AnswerToken = {
  readonly answer: SimulatedAnswer
  readonly choice: number
  readonly block: AnswerBlock
  readonly blockIndex: number
  readonly text: string
  readonly isFirst: boolean
  readonly isLast: boolean
}

/** How many tokens the blocks have that are counted. */
export const countBlocks = (choices: readonly AnswerChoice[], isCounted: (block: AnswerBlock) => boolean) =>
  choices
    .flatMap(({ blocks }) => blocks.filter(isCounted))
    .reduce((sum, { tokens }) => sum + tokens.length, 0)

/** How many tokens a choice has. */
export const tokensIn = (choice: AnswerChoice) => countBlocks([choice], () => true)

/** Every token in order, the choices one after the other. */
export const tokensOf = (answer: SimulatedAnswer): readonly AnswerToken[] =>
  answer.choices.flatMap(({ blocks }, choice) =>
    blocks.flatMap((block, blockIndex) =>
      block.tokens.map((text, index) => ({
        answer,
        choice,
        block,
        blockIndex,
        text,
        isFirst: index === 0,
        isLast: index === block.tokens.length - 1,
      })),
    ),
  )
