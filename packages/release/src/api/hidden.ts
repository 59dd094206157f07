/**
 * Parts of public types that no user needs by name. They only decide whether something compiles and which sentence the
 * compiler prints, or they are constants whose keys or items a public type names. The key is the report in `etc/`.
 * Every other type that a public type refers to is exported.
 */
export const HIDDEN: Readonly<Record<string, readonly string[]>> = {
  'leveret.api.md': [
    'CodecNameOf',
    'HeadersVerdict',
    'KeysFor',
    'OddKeys',
    'OrUndefined',
    'OverlapVerdict',
    'ProblemOf',
    'TemplatesFor',
    'VerdictOf',
    'Wild',
  ],
  'memory-broker.api.md': ['Methods', 'NAMES'],
  'memory-broker.wire.api.md': ['Methods'],
  'testing.leveret.api.md': ['End'],
}
