#!/usr/bin/env node
// The published package carries dist; a clone runs its sources as they are.
import { existsSync } from 'node:fs'

const built = new URL('../dist/main.js', import.meta.url)
const sources = new URL('../src/main.ts', import.meta.url)
await import((existsSync(sources) ? sources : built).href)
