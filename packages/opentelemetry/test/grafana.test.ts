import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type MetricDefinition, type MetricName, metricDefinitions } from '../src/index.js'
import { prometheusName } from '../src/prom-client/index.js'

const read = (name: string): string => readFileSync(new URL(`../grafana/${name}`, import.meta.url), 'utf8')

/** What Grafana needs to load a dashboard and to draw it. @see https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
const source = z.object({ type: z.literal('prometheus'), uid: z.literal(`\${datasource}`) })
const target = z.object({
  refId: z.string().regex(/^[A-Z]$/),
  expr: z.string().min(1),
  legendFormat: z.string(),
  datasource: source,
})
const panel = z.object({
  id: z.int().positive(),
  type: z.enum(['timeseries', 'stat', 'table']),
  title: z.string().min(1),
  datasource: source,
  gridPos: z.object({ h: z.int(), w: z.int().max(24), x: z.int().max(23), y: z.int() }),
  targets: z.array(target).min(1),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string() }), overrides: z.array(z.unknown()) }),
})
const dashboard = z.object({
  title: z.string(),
  uid: z.string().max(40),
  schemaVersion: z.int().min(36),
  time: z.object({ from: z.string(), to: z.string() }),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.enum(['datasource', 'query']) })) }),
  panels: z.array(panel).min(1),
})

/** The series of Prometheus that the package exports. */
const exported = new Set(
  (Object.keys(metricDefinitions) as MetricName[]).flatMap((name) => {
    const { kind }: MetricDefinition = metricDefinitions[name]
    const series = prometheusName(name)
    return kind === 'histogram' ? [`${series}_bucket`, `${series}_sum`, `${series}_count`] : [series]
  }),
)
const labels = new Set(
  Object.values(metricDefinitions).flatMap(({ attributes }) => attributes.map((name) => name.replaceAll('.', '_'))),
)

/** The series that a query names: they stand before labels, a range or a bracket. */
function seriesIn(query: string): string[] {
  return [...query.matchAll(/\b((?:leveret|messaging)_\w+)/g)]
    .map(([, name = '']) => name)
    .filter((name) => !labels.has(name))
}

function expectExported(queries: readonly string[]): void {
  expect(queries.length).toBeGreaterThan(0)
  for (const query of queries) {
    const series = seriesIn(query)
    expect(series.length, query).toBeGreaterThan(0)
    expect(
      series.filter((name) => !exported.has(name)),
      query,
    ).toEqual([])
  }
}

describe('the dashboard', () => {
  const json = dashboard.parse(JSON.parse(read('leveret.json')))

  test('has what Grafana loads: panels that do not overlap, with ids of their own', () => {
    const { panels } = json
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(panels.length)
  })

  test('asks for metrics that the package exports, and for each of them', () => {
    const queries = json.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    expectExported(queries)
    const all = queries.flatMap(seriesIn)
    for (const name of Object.keys(metricDefinitions) as MetricName[]) {
      expect(
        all.some((series) => series.startsWith(prometheusName(name))),
        name,
      ).toBe(true)
    }
  })
})

describe('the alert rules', () => {
  const rules = read('alerts.yaml')

  test('ask for metrics that the package exports', () => {
    expectExported([...rules.matchAll(/^ +expr: (.+)$/gm)].map(([, query = '']) => query))
  })

  test('are about consumers, dead letters, publishes, the event loop and alarms', () => {
    const names = [...rules.matchAll(/alert: Leveret(\w+)/g)].map(([, name]) => name)
    expect(names).toEqual(
      expect.arrayContaining([
        'ConsumerGone',
        'DeadLettersRising',
        'PublishesFailing',
        'EventLoopBlocked',
        'ConnectionBlocked',
      ]),
    )
  })
})
