/** Ids of units from the root down. */
export type UnitPath = readonly string[]

/**
 * Whether a unit is another one or lies below it.
 *
 * @example isWithin({ path: ['acme', 'sales', 'emea'], above: ['acme', 'sales'] }) // true
 */
export const isWithin = ({ path, above }: { path: UnitPath; above: UnitPath }): boolean =>
  above.length > 0 && above.every((id, index) => path[index] === id)

/** The way that two paths share, from the root on; empty for different organisations. */
export function commonPath(one: UnitPath, other: UnitPath): UnitPath {
  const differs = one.findIndex((id, index) => other[index] !== id)
  return differs < 0 ? one : one.slice(0, differs)
}
