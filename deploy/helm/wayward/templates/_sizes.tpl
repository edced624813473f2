{{/* MiB of a size as Kubernetes (10Gi) or the services (10GiB) write it, as a number in text. */}}
{{- define "wayward.mebibytes" -}}
{{- $size := toString . | trim -}}
{{- $number := regexFind "^[0-9]+(\\.[0-9]+)?" $size | float64 -}}
{{- $unit := regexFind "[A-Za-z]*$" $size -}}
{{- $bytes := get (dict
  "" 1 "B" 1
  "k" 1000 "kB" 1000 "M" 1000000 "MB" 1000000 "G" 1000000000 "GB" 1000000000 "T" 1000000000000 "TB" 1000000000000
  "Ki" 1024 "KiB" 1024 "Mi" 1048576 "MiB" 1048576 "Gi" 1073741824 "GiB" 1073741824 "Ti" 1099511627776 "TiB" 1099511627776
) $unit -}}
{{- if not $bytes -}}
{{- fail (printf "%q is not a size such as 512Mi or 10Gi" $size) -}}
{{- end -}}
{{- divf (mulf $number $bytes) 1048576 | floor | int64 -}}
{{- end -}}

{{/* What the streams set aside on each NATS server: the partitions, and 64 MiB each of topics and watermarks. */}}
{{- define "wayward.streamMebibytes" -}}
{{- $each := include "wayward.mebibytes" .Values.settings.busBytes | int64 -}}
{{- add (mul $each (int64 .Values.settings.partitions)) 128 -}}
{{- end -}}

{{/* What the archive keeps in the trial store where nobody says how much: a store without room takes no block. */}}
{{- define "wayward.trialKeep" -}}
{{- div (mul (include "wayward.mebibytes" .Values.trialStore.volume.size | int64) 8) 10 -}}MiB
{{- end -}}

{{/* What a NATS server may use of its volume: a full volume stops it, so a tenth stays free. */}}
{{- define "wayward.natsStoreMebibytes" -}}
{{- div (mul (include "wayward.mebibytes" .Values.nats.volume.size | int64) 9) 10 -}}
{{- end -}}
