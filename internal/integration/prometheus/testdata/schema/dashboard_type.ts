import type * as grafana from '@grafana/schema';
import type * as graph from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';

// A file has no enums: a string enum is its strings, the rest is as it is.
type Plain<T> = T extends string ? `${T}`
  : T extends number | boolean | null | undefined ? T
  : T extends Array<infer E> ? Array<Plain<E>>
  : T extends object ? { [K in keyof T]: Plain<T[K]> }
  : T;

// Targets are the data source's own; these are those of Prometheus.
interface Target extends grafana.DataQuery {
  expr: string;
  legendFormat?: string;
  editorMode: 'code';
  format?: 'table';
  range: boolean;
  instant: boolean;
}

// A panel has the options and the fields of its plugin.
type PanelOf<Type extends string, Options, Fields> =
  Omit<Plain<grafana.Panel>, 'type' | 'options' | 'targets' | 'fieldConfig'> & {
    type: Type;
    options: Plain<Options>;
    targets: Plain<Target>[];
    fieldConfig: { defaults: Omit<Plain<grafana.FieldConfig>, 'custom'> & { custom?: Partial<Plain<Fields>> }; overrides: never[] };
  };

type Panel =
  | PanelOf<'timeseries', graph.Options, graph.FieldConfig>
  | PanelOf<'stat', stat.Options, {}>
  | PanelOf<'table', table.Options, table.FieldConfig>
  | PanelOf<'state-timeline', timeline.Options, timeline.FieldConfig>
  | Plain<grafana.RowPanel>;

export type Dashboard = Omit<Plain<grafana.Dashboard>, 'panels'> & { panels: Panel[] };

// What we add to Grafana's types must be within them: this fails if it is not.
export const within = (d: Dashboard): Plain<grafana.Dashboard> => d;
