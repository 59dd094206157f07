import type { Version } from '@leveret/memory-broker'
import type { ConformanceCase } from './conformance-case.js'

const VERSIONS: readonly Version[] = ['3.10', '4.0', '4.3']

/** Returns the cases as a page of Markdown: by area, first those in which all versions behave alike. */
export function conformancePage(cases: readonly ConformanceCase[]): string {
  const areas = [...new Set(cases.map(({ area }) => area))]
  const differing = cases.filter(({ expected }) => 'byVersion' in expected).length
  return [
    '# What RabbitMQ does',
    '',
    'After this page you know which behaviour of RabbitMQ the broker in memory has, and what differs between versions.',
    '',
    `${cases.length} cases, each a program that a raw AMQP client runs. All hold on RabbitMQ 3.10.8, 4.0.5 and 4.3.6, and on the broker in`,
    `memory that behaves like each of them; in ${differing} of them the versions differ, and the case says how. This page is made of the cases.`,
    '',
    ...areas.flatMap((area) =>
      sectionOf(
        area,
        cases.filter((one) => one.area === area),
      ),
    ),
  ].join('\n')
}

function sectionOf(area: string, cases: readonly ConformanceCase[]): string[] {
  const same = cases.filter(({ expected }) => 'same' in expected)
  const rows = cases.flatMap((one) => ('byVersion' in one.expected ? [rowOf(one.name, one.expected.byVersion)] : []))
  const heads = [
    `| where versions differ | ${VERSIONS.join(' | ')} |`,
    `| --- |${VERSIONS.map(() => ' --- |').join('')}`,
  ]
  return [
    `## ${area[0]?.toUpperCase()}${area.slice(1)}`,
    '',
    'The broker',
    '',
    ...same.map(({ name }) => `- ${escaped(name)}`),
    '',
    ...(rows.length === 0 ? [] : [...heads, ...rows, '']),
  ]
}

function rowOf(name: string, byVersion: Readonly<Record<Version, unknown>>): string {
  const cells = VERSIONS.map((version) => `\`${print(byVersion[version])}\``)
  return `| ${escaped(name)} | ${cells.join(' | ')} |`
}

function print(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return escaped(text.replaceAll('`', "'"))
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
