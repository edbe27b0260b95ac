type Matcher = (modelId: string) => boolean

/** Pieces between stars are looked for one after the other: no pattern can make that slow. */
function patternMatcher(pattern: string): Matcher {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return (id) => id === first
  return (id) => {
    if (!id.startsWith(first) || !id.endsWith(last)) return false
    let from = first.length
    const end = id.length - last.length
    for (const piece of others) {
      const found = id.indexOf(piece, from)
      if (found < 0) return false
      from = found + piece.length
    }
    return from <= end
  }
}

/**
 * Whether a list of models names one: by its id, or by a pattern in which `*` stands for anything, as OpenRouter's auto router has
 * it. Capitals do not matter.
 *
 * @example matcherOf(['anthropic/*'])('anthropic/claude-opus-4.8') // true
 */
export function matcherOf(names: readonly string[]): Matcher {
  const matchers = names.map((name) => patternMatcher(name.toLowerCase()))
  return (modelId) => {
    const id = modelId.toLowerCase()
    return matchers.some((matches) => matches(id))
  }
}
