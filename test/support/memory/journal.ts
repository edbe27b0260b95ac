/**
 * Writes into maps that can be taken back: a commit that throws leaves nothing, and a block that a reorganisation drops has
 * never been.
 */
export type Journal = {
  readonly put: <Key, Value>(map: Map<Key, Value>, key: Key, value: Value) => void
  readonly remove: <Key, Value>(map: Map<Key, Value>, key: Key) => void
  /** How many writes there are; what was written after a mark can be undone. */
  readonly mark: () => number
  readonly undo: (mark: number) => void
  /** What has been written stays. */
  readonly forget: () => void
  /** Writes since the beginning, those that were undone included: by it a change shows. */
  readonly count: () => number
}

export function createJournal(): Journal {
  let undos: (() => void)[] = []
  let writes = 0
  return {
    put(map, key, value) {
      writes += 1
      const before = map.get(key)
      const isNew = before === undefined && !map.has(key)
      undos.push(() => {
        if (isNew) map.delete(key)
        else map.set(key, before as typeof value)
      })
      map.set(key, value)
    },
    remove(map, key) {
      const before = map.get(key)
      if (before === undefined) return
      writes += 1
      undos.push(() => map.set(key, before))
      map.delete(key)
    },
    mark: () => undos.length,
    undo(mark) {
      while (undos.length > mark) undos.pop()?.()
    },
    forget() {
      undos.length = 0
    },
    count: () => writes,
  }
}
