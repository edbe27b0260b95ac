/** What one payment, sent many times at the same moment, has brought: the same question to every kind of server. */
export type Race = {
  readonly server: string
  readonly scheme: string
  readonly copies: number
  readonly processes: number
  /** Runs of the paid work. One is right. */
  readonly runs: number
  readonly statuses: Readonly<Record<string, number>>
  /** Copies that were answered 200. */
  readonly served: number
}

/** Sends them all before the first answer can have come. */
export async function raceAll(
  copies: number,
  send: (index: number) => Promise<Response>,
): Promise<readonly number[]> {
  const answers = await Promise.all(
    Array.from({ length: copies }, async (_, index) => {
      const response = await send(index)
      await response.arrayBuffer()
      return response.status
    }),
  )
  return answers
}
