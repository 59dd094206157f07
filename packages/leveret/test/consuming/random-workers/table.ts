import { settlements } from './entry.js'
import type { Program, WorkerPlan } from './program.js'
import type { Run } from './run.js'

/** The runs as a table, one a line, and what they came to in all. */
export function tableOf(runs: readonly Run[]): string {
  const rows = runs.map(rowOf)
  const headings = [
    'seed',
    'queue',
    'workers',
    'steps',
    'sent',
    'read',
    ...settlements,
    'letters',
    'left',
    's',
    'verdict',
  ]
  const lines = [headings, ...rows]
  const widths = headings.map((_heading, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const padded = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' | ')
      .trimEnd(),
  )
  return [...padded, '', totalsOf(runs)].join('\n')
}

/** All that is known of what went wrong in one run, for the person who looks into it. */
export function evidenceOf({ program, account, breaches }: Run): string {
  const named = [...account.entries.values()].filter(({ id }) =>
    breaches.some((breach) => breach.split(/[ ,:()]/).includes(id)),
  )
  return [
    `seed ${program.seed}: ${JSON.stringify({ ...program, ways: undefined, times: undefined })}`,
    ...breaches.map((breach) => `  ✗ ${breach}`),
    ...account.steps.map((step) => `  ${step}`),
    ...named
      .slice(0, 5)
      .flatMap(({ n, id, trace, stored }) => [
        `  ${id} (${n}, ${program.ways[n]} ${program.times[n]} times):`,
        ...trace.map((line) => `    ${line}`),
        `    found in ${stored.join(', ') || 'no queue'}`,
      ]),
  ].join('\n')
}

function rowOf({ program, account, breaches, tookMs }: Run): string[] {
  const entries = [...account.entries.values()]
  const sum = (of: (entry: (typeof entries)[number]) => number): string =>
    String(entries.reduce((total, entry) => total + of(entry), 0))
  const isLetter = (name: string): boolean => name.endsWith('.dead-letter')
  return [
    String(program.seed),
    queueOf(program),
    program.workers.map(workerOf).join(' + ') + program.interceptors.map((kind) => `, ${kind}`).join(''),
    program.steps.map(stepOf).join(', '),
    sum(({ published }) => published),
    sum(({ decoded }) => decoded),
    ...settlements.map((name) => sum(({ events }) => events.get(name) ?? 0)),
    sum(({ stored }) => stored.filter(isLetter).length),
    sum(({ stored }) => stored.filter((name) => !isLetter(name)).length),
    (tookMs / 1_000).toFixed(1),
    breaches.length === 0 ? '✓' : `✗ ${breaches.length}`,
  ]
}

function queueOf({ queue, ids }: Program): string {
  const { type, singleActive, maxPriority, retry, keepsLetters, checksLate } = queue
  const parts = [type, retry === 'delays' ? '' : `retry ${retry}`, singleActive ? 'single active' : '']
  return [
    ...parts,
    maxPriority === undefined ? '' : 'priorities',
    keepsLetters ? '' : 'no letters',
    checksLate ? 'late checks' : '',
    ids === 'own' ? '' : `${ids} ids`,
  ]
    .filter(Boolean)
    .join(', ')
}

function workerOf(plan: WorkerPlan): string {
  const { acknowledge, concurrency, prefetch, handlerTimeoutMs, batch, isOrdered, store, isolation, breaker } = plan
  return [
    acknowledge === 'on-return' ? '' : acknowledge,
    batch === undefined ? '' : `batch ${batch.size}`,
    `${concurrency}/${prefetch}`,
    `${handlerTimeoutMs} ms`,
    isOrdered ? 'by key' : '',
    store === undefined ? '' : `${store} store`,
    isolation ? '' : 'no isolation',
    breaker ? 'breaker' : '',
  ]
    .filter(Boolean)
    .join(' ')
}

function stepOf(step: Program['steps'][number]): string {
  return step.do.startsWith('close') ? `${step.do} ${step.timeoutMs}` : step.do
}

function totalsOf(runs: readonly Run[]): string {
  const counts = new Map<string, number>()
  for (const { account } of runs) {
    for (const [name, count] of account.counts) counts.set(name, (counts.get(name) ?? 0) + count)
  }
  const failed = runs.filter(({ breaches }) => breaches.length > 0).length
  const reported = [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`)
  return `${runs.length} runs, ${failed} of them with a breach; reported in all: ${reported.join(', ')}`
}
