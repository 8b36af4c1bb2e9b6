// Columns of the tables `members`, `hyper` and `rows`; the same stand in src/ops/tables.ts.
const MEMBER_SEED: u32 = 0u;
const MEMBER_ACTIVE: u32 = 1u;
const MEMBER_SMOOTHING: u32 = 2u;

// Numbers of a row in `rows`, and of a batch in `metrics`.
const LOSS_COLUMNS: u32 = 3u;

const HYPER_RATE: u32 = 0u;
const HYPER_PENALTY: u32 = 1u;
const HYPER_KEEP: u32 = 2u;
const HYPER_DECAY1: u32 = 3u;
const HYPER_GAIN1: u32 = 4u;
const HYPER_DECAY2: u32 = 5u;
const HYPER_GAIN2: u32 = 6u;
const HYPER_CORRECTION2: u32 = 7u;
const HYPER_EPSILON: u32 = 8u;
const HYPER_CLIP_NORM: u32 = 9u;
const HYPER_COLUMNS: u32 = 10u;

// Streams of random draws; the same stand in src/random/draws.ts.
const STREAM_DROPOUT: u32 = 4u;
const STREAM_NOISE: u32 = 5u;
const STREAM_AUGMENTATION: u32 = 6u;
const STREAM_LAYER_NOISE: u32 = 7u;
