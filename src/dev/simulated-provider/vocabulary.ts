/** Words that are one o200k token each when a space stands before them; a unit test holds them to it. */
export const WORDS = {
  openers: ['The', 'A', 'This', 'That', 'Each', 'Every', 'Our', 'One', 'Another', 'Any'],
  determiners: ['the', 'a', 'this', 'that', 'each', 'every', 'our', 'one', 'another', 'any'],
  adjectives:
    `small large early late clear quiet bright heavy light simple modern ancient common rare gentle strong
    local global public private careful steady rapid slow recent final basic complex useful human natural digital
    open narrow wide deep fresh stable reliable practical direct formal`.split(/\s+/),
  nouns: `river city market engine garden letter bridge teacher student network signal machine window journey
    forest island planet story question answer method system pattern harbor village captain doctor library
    museum kitchen picture battery contract account payment ledger message record server channel agent`.split(
    /\s+/,
  ),
  verbs: `follows carries changes reaches supports explains protects measures improves creates connects
    describes replaces controls affects includes requires produces offers finds moves keeps opens closes holds shows
    leaves joins meets builds`.split(/\s+/),
  joiners: ['and', 'while', 'because', 'when', 'before', 'after', 'although', 'since'],
  prepositions: ['near', 'under', 'behind', 'beyond', 'inside', 'around', 'across', 'through', 'without'],
  adverbs: `slowly quickly often always rarely usually sometimes clearly directly easily finally
    together again`.split(/\s+/),
} as const

export type WordKind = keyof typeof WORDS
