{{/* What the pods of webhook and controller have in common. of: {root, component} */}}

{{- define "podcov.podMetadata" -}}
{{- $own := index .root.Values .component -}}
labels: {{- include "podcov.labels" . | nindent 2 }}
{{- with $own.podLabels }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "podcov.podSpec" -}}
{{- $own := index .root.Values .component -}}
serviceAccountName: {{ include "podcov.serviceAccountName" . }}
# Our variables are PODCOV_WEBHOOK_*; those made for a Service podcov-webhook begin alike.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $own.terminationGracePeriodSeconds }}
securityContext: {{- toYaml $own.podSecurityContext | nindent 2 }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $own.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "podcov.container" -}}
{{- $own := index .root.Values .component -}}
name: {{ .component }}
image: {{ include "podcov.image" (dict "root" .root "image" .root.Values.image) | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext: {{- toYaml $own.securityContext | nindent 2 }}
resources: {{- toYaml $own.resources | nindent 2 }}
{{- end -}}
