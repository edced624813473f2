{{/* Images. A registry for all stands before the repository, a digest instead of the tag. */}}

{{- define "wayward.imageOf" -}}
{{- $where := list .root.Values.global.imageRegistry .repository | compact | join "/" -}}
{{- if .digest -}}
{{ $where }}@{{ .digest }}
{{- else -}}
{{ $where }}:{{ .tag }}
{{- end -}}
{{- end -}}

{{/* One of our own: (dict "root" $ "image" "ingest"). */}}
{{- define "wayward.image" -}}
{{- $own := .root.Values.image -}}
{{- include "wayward.imageOf" (dict
  "root" .root
  "repository" (printf "%s/%s" $own.repository .image)
  "tag" (default .root.Chart.AppVersion $own.tag)
  "digest" (get $own.digests .image)) -}}
{{- end -}}

{{/* One of others: (dict "root" $ "image" .Values.nats.image). */}}
{{- define "wayward.foreignImage" -}}
{{- include "wayward.imageOf" (merge (dict "root" .root) .image) -}}
{{- end -}}
