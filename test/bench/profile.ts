import type { Profiler } from 'node:inspector'

export type SelfTime = { readonly name: string; readonly where: string; readonly share: number }

/** Where the file of a frame lies, short: the path below the repository or the package's name. */
function placeOf(url: string, line: number): string {
  const at = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/src\//, 'src/')
  return at === '' ? '' : `${at}:${line + 1}`
}

/** Neither work nor the server's: idling, and starting the profiler. */
const isNoise = ({ functionName, url }: Profiler.ProfileNode['callFrame']) =>
  functionName === '(idle)' || url.startsWith('node:inspector')

/** Self time per function of a CPU profile, the largest first. */
export function selfTimes(profile: Profiler.Profile): readonly SelfTime[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const deltas = profile.timeDeltas ?? []
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  )
  const callerOf = (id: number) => nodes.get(parents.get(id) ?? 0)?.callFrame.functionName ?? ''
  const sums = new Map<string, number>()
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const frame = nodes.get(id)?.callFrame
    if (!frame || isNoise(frame)) continue
    // An addon's functions have neither name nor place: they are known by who calls them.
    const isAddon = frame.functionName === '' && frame.url === ''
    const name = isAddon ? `native code of ${callerOf(id ?? 0)}` : frame.functionName || '(anonymous)'
    const key = `${name}\n${placeOf(frame.url, frame.lineNumber)}`
    sums.set(key, (sums.get(key) ?? 0) + (deltas[index] ?? 0))
  }
  const total = [...sums.values()].reduce((sum, time) => sum + time, 0)
  return [...sums]
    .map(([key, time]) => {
      const [name = '', where = ''] = key.split('\n')
      return { name, where, share: time / total }
    })
    .toSorted((a, b) => b.share - a.share)
}
