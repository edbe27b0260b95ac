import { exactLog } from './exact-math.ts'

/** What is known of a model that nobody measured. */
export type Pedigree = {
  /** Vendor: models of one house resemble one another. */
  readonly family: string
  /** USD per million tokens, three of input to one of output; absent where it has no price. */
  readonly usdPerMillion?: number
  /** Seconds since 1970; 0 where unknown. */
  readonly createdAt: number
}

export type Known = Pedigree & { readonly ability: number }

const YEAR_SECONDS = 365.25 * 86_400

/** How strongly the slopes by price and by year are held to zero, and a family to no difference, in models. */
const [SLOPE_PULL, FAMILY_PULL] = [3, 2]

/**
 * Guesses abilities from those that are known: a straight line over the logarithm of the price and over the year, and what a
 * family is above it. No model is guessed to be newer or dearer than the newest and dearest that is known.
 */
export function deriveAbilities(known: readonly Known[]): (model: Pedigree) => number {
  const facts = known.map((model) => ({ ...model, ...coordinatesOf(model) }))
  if (facts.length === 0) return () => 0
  const mean = (pick: (fact: (typeof facts)[number]) => number) =>
    facts.reduce((sum, fact) => sum + pick(fact), 0) / facts.length
  const [price, year, ability] = [mean((f) => f.price), mean((f) => f.year), mean((f) => f.ability)]
  const sum = (pick: (fact: (typeof facts)[number]) => number) =>
    facts.reduce((total, fact) => total + pick(fact), 0)
  const pp = sum((f) => (f.price - price) ** 2) + SLOPE_PULL
  const yy = sum((f) => (f.year - year) ** 2) + SLOPE_PULL
  const py = sum((f) => (f.price - price) * (f.year - year))
  const pa = sum((f) => (f.price - price) * (f.ability - ability))
  const ya = sum((f) => (f.year - year) * (f.ability - ability))
  const determinant = pp * yy - py * py
  const byPrice = (pa * yy - ya * py) / determinant
  const byYear = (ya * pp - pa * py) / determinant
  const lineOf = (at: { price: number; year: number }) =>
    ability + byPrice * (at.price - price) + byYear * (at.year - year)
  const families = new Map(
    [...Map.groupBy(facts, ({ family }) => family)].map(([family, mine]) => [
      family,
      mine.reduce((total, fact) => total + fact.ability - lineOf(fact), 0) / (mine.length + FAMILY_PULL),
    ]),
  )
  const [maxPrice, maxYear] = [Math.max(...facts.map((f) => f.price)), Math.max(...facts.map((f) => f.year))]
  const [minPrice, minYear] = [Math.min(...facts.map((f) => f.price)), Math.min(...facts.map((f) => f.year))]
  return (model) => {
    const at = coordinatesOf(model, { price, year })
    const within = {
      price: Math.max(minPrice, Math.min(maxPrice, at.price)),
      year: Math.max(minYear, Math.min(maxYear, at.year)),
    }
    return lineOf(within) + (families.get(model.family) ?? 0)
  }
}

/** What is unknown is taken as usual. */
function coordinatesOf(
  { usdPerMillion, createdAt }: Pedigree,
  usual: { price: number; year: number } = { price: 0, year: 54.5 },
): { price: number; year: number } {
  return {
    price: usdPerMillion === undefined || usdPerMillion <= 0 ? usual.price : exactLog(usdPerMillion),
    year: createdAt === 0 ? usual.year : createdAt / YEAR_SECONDS,
  }
}
