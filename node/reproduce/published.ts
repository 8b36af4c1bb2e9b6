/** Every number that the course reports publish, one row each, with the recipe that repeats it (docs/reports.md tells them in prose). */
import { best } from './published/best.ts';
import { report000, report002 } from './published/reports-000-002.ts';
import { report001 } from './published/report-001.ts';
import { report003 } from './published/report-003.ts';
import { report004 } from './published/report-004.ts';
import type { PublishedReport } from './published/types.ts';

export { reportNames } from './published/types.ts';
export type { PublishedReport, PublishedRow } from './published/types.ts';

export const publishedReports: readonly PublishedReport[] = [
  report000,
  report001,
  report002,
  report003,
  report004,
  best,
];
