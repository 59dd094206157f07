import { publishes } from './publishes.js'
import { retries } from './retries.js'
import type { Findings, Task } from './task.js'
import { tests } from './tests.js'

/** Kinds of work of this program. It runs in a separate process, because heap and first runs are those of a process. */
const kinds: Record<Task['kind'], (count: number) => Promise<Findings>> = { retry: retries, publish: publishes, tests }

const { kind, count } = JSON.parse(process.argv[2] ?? '') as Task
console.log(JSON.stringify(await kinds[kind](count)))
