import type { Endpoint } from '../catalog/types.ts'

type Margined = Pick<Endpoint, 'marginBps'>

/** The operator's margin on what an endpoint sells: its own where the operator has set one, else the server's. */
export const marginOf = ({ endpoint, marginBps }: { endpoint: Margined; marginBps: number }): number =>
  endpoint.marginBps ?? marginBps

/** The margin of a ceiling: whichever candidate answers, its charge must fit below. */
export const largestMargin = ({
  candidates,
  marginBps,
}: {
  candidates: readonly Margined[]
  marginBps: number
}): number => Math.max(...candidates.map((endpoint) => marginOf({ endpoint, marginBps })))
